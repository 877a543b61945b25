import {
  type Clock,
  type FifoEntry,
  type FifoMessage,
  type FifoQueues,
  fifoLimits,
} from "../../core/ports/index.ts";
import { checkEntries, checkReceive, checkVisibility } from "../port-limits.ts";
import { DeduplicationWindow } from "./deduplication-window.ts";
import { MessageGroups, type VanishingMessage } from "./message-groups.ts";

/**
 * What becomes of an entry. `accept-twice`: two messages, as an at-least-once queue may.
 * `reject-and-remember`: not accepted, but its id counts as used.
 */
export type EntryFate = "accept" | "accept-twice" | "reject" | "reject-and-remember";

/** What the queues do wrong, or differently, within what SQS allows. Nothing by default. */
export interface FifoFaults {
  acceptEntry?(queue: string, entry: FifoEntry): EntryFate;
  /** `swallow` by default. */
  onRepeatedId?(queue: string, entry: FifoEntry): "swallow" | "deliver";
  /** Asked for a receipt that is not the message's latest, or has expired. No by default. */
  staleReceiptDeletes?(queue: string): boolean;
  /** Asked when a message is about to be delivered: it is lost instead. */
  vanish?(queue: string, message: VanishingMessage): boolean;
  /** How many messages of one group a receive takes before it goes on to the next. All by default. */
  groupShare?(queue: string): number;
}

interface MemoryQueue {
  readonly name: string;
  readonly groups: MessageGroups;
  readonly window: DeduplicationWindow;
}

/**
 * FIFO queues in memory. They are the service, not its client: they never look at the scope of a
 * call, for what is on its way arrives, whether or not its caller lives on. Bodies are kept by
 * reference: who sends one hands it over.
 *
 *   MQ1  time passes only with the clock: there is no timer
 *   MQ2  message ids and receipts come from counters, so that equal calls have equal answers
 *   MQ3  no call looks at more messages than it answers with, nor at groups that have none for it
 */
export class MemoryFifoQueues implements FifoQueues {
  readonly #clock: Clock;
  readonly #faults: FifoFaults;
  readonly #queues = new Map<string, MemoryQueue>();
  #messages = 0;

  constructor(clock: Clock, options: { readonly faults?: FifoFaults } = {}) {
    this.#clock = clock;
    this.#faults = options.faults ?? {};
  }

  // The methods are async so that what they throw rejects; they never wait.
  async send(queue: string, entries: readonly FifoEntry[]): Promise<readonly boolean[]> {
    checkEntries(queue, entries);
    const target = this.#queue(queue);
    const now = this.#clock.now();
    const accepted: boolean[] = [];
    for (let i = 0; i < entries.length; i += 1) {
      accepted.push(this.#accept(target, entries[i] as FifoEntry, now)); // i < length
    }
    return accepted;
  }

  async receive(
    queue: string,
    options: { readonly max: number; readonly visibilityMs: number },
  ): Promise<readonly FifoMessage[]> {
    const { max, visibilityMs } = options;
    checkReceive(queue, max, visibilityMs);
    return this.#queue(queue).groups.receive(max, visibilityMs, this.#clock.now());
  }

  async delete(queue: string, receipts: readonly string[]): Promise<readonly boolean[]> {
    const { groups } = this.#queue(queue);
    const now = this.#clock.now();
    return receipts.map((receipt) => groups.delete(receipt, now));
  }

  async changeVisibility(
    queue: string,
    receipts: readonly string[],
    visibilityMs: number,
  ): Promise<void> {
    checkVisibility(queue, visibilityMs);
    const { groups } = this.#queue(queue);
    const now = this.#clock.now();
    for (const receipt of receipts) groups.changeVisibility(receipt, now + visibilityMs, now);
  }

  /** The queues that were used. */
  queues(): readonly string[] {
    return [...this.#queues.keys()];
  }

  /** Messages of a queue, in flight or not. */
  backlog(queue: string): number {
    return this.#queues.get(queue)?.groups.backlog ?? 0;
  }

  /** Messages of a group, in flight or not. */
  groupBacklog(queue: string, group: string): number {
    return this.#queues.get(queue)?.groups.groupBacklog(group) ?? 0;
  }

  /** The groups of a queue that have messages. */
  groups(queue: string): readonly string[] {
    return this.#queues.get(queue)?.groups.groups() ?? [];
  }

  inFlight(queue: string): number {
    return this.#queues.get(queue)?.groups.inFlight ?? 0;
  }

  /** When a receive may find something: now, later, or (null) not before something is sent. */
  nextVisibleAt(queue: string): number | null {
    return this.#queues.get(queue)?.groups.nextVisibleAt(this.#clock.now()) ?? null;
  }

  /**
   * Ends the visibility timeout of messages in flight for which `chosen` says so: their holders go
   * on, and others may receive them. How many there were.
   */
  expire(queue: string, chosen: (message: FifoMessage) => boolean): number {
    return this.#queues.get(queue)?.groups.expireChosen(chosen) ?? 0;
  }

  #accept(queue: MemoryQueue, entry: FifoEntry, now: number): boolean {
    const fate = this.#faults.acceptEntry?.(queue.name, entry) ?? "accept";
    if (fate === "reject") return false;
    const isNew = queue.window.admit(entry.group, entry.deduplicationId, now);
    if (fate === "reject-and-remember") return false;
    if (!isNew && this.#faults.onRepeatedId?.(queue.name, entry) !== "deliver") return true;
    this.#store(queue, entry);
    if (fate === "accept-twice") this.#store(queue, entry);
    return true;
  }

  #store(queue: MemoryQueue, entry: FifoEntry): void {
    this.#messages += 1;
    queue.groups.add(`m${this.#messages}`, entry.group, entry.body);
  }

  #queue(name: string): MemoryQueue {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const faults = this.#faults;
    const groups = new MessageGroups({
      staleReceiptDeletes: () => faults.staleReceiptDeletes?.(name) ?? false,
      vanish: (message) => faults.vanish?.(name, message) ?? false,
      groupShare: () => faults.groupShare?.(name) ?? fifoLimits.entriesPerCall,
    });
    const made = { name, groups, window: new DeduplicationWindow(fifoLimits.deduplicationMs) };
    this.#queues.set(name, made);
    return made;
  }
}
