import type { FifoEntry, FifoMessage } from "../../core/ports/index.ts";
import { type EntryFate, MemoryFifoQueues } from "../../infra/memory/memory-fifo-queues.ts";
import type { VanishingMessage } from "../../infra/memory/message-groups.ts";
import type { Call } from "./call.ts";
import type { HostKind } from "./call-kind.ts";
import type { FaultKind } from "./fault-kind.ts";
import type { Simulation } from "./simulation.ts";

/** Once in flight again, what was deleted is a copy with a receipt that belongs to nothing. */
const GHOST_RECEIPT = "ghost";

/**
 * The FIFO queues as a service, below its clients: what happens when a request arrives.
 *
 *   S1  whoever watches a queue hears of every change that may have made a message visible
 *   S2  observers hear of a delete when, and only when, the message is gone
 */
export class QueueService {
  readonly memory: MemoryFifoQueues;
  readonly #sim: Simulation;
  readonly #inHand = new Map<string, FifoMessage>();
  #fates: readonly EntryFate[] = [];
  #asked = 0;
  readonly #swallowed = new Set<FifoEntry>();
  #groupShare = 1;
  /** Told that a queue may have something to give. */
  onChange: (queue: string) => void = () => undefined;
  /** Which messages `lose` may strike: those that the code under test makes good for. */
  isData: (queue: string, body: Uint8Array) => boolean = () => false;
  /** Told of a deleted message that is to come once more. */
  onGhost: (queue: string, message: FifoMessage) => void = () => undefined;

  constructor(sim: Simulation) {
    this.#sim = sim;
    const { timeline } = sim;
    this.memory = new MemoryFifoQueues(
      { now: () => Math.floor(timeline.now) },
      {
        faults: {
          acceptEntry: () => this.#nextFate(),
          onRepeatedId: (queue, entry) => this.#repeated(queue, entry),
          staleReceiptDeletes: (queue) => this.#strikes("stale", "stale-delete", queue),
          vanish: (queue, message) => this.#vanishes(queue, message),
          groupShare: () => this.#groupShare,
        },
      },
    );
  }

  /** `fates`: of each entry; `accept` where it ends. */
  async send(
    queue: string,
    entries: readonly FifoEntry[],
    call: Call,
    fates: readonly EntryFate[] = [],
  ): Promise<readonly boolean[]> {
    this.#fates = fates;
    this.#asked = 0;
    const accepted = await this.memory.send(queue, entries);
    this.#fates = [];
    this.#tell(queue, entries, fates, call);
    this.#swallowed.clear();
    this.onChange(queue);
    return accepted;
  }

  /** `groupShare`: how many messages of one group before the next group has its turn. */
  async receive(
    queue: string,
    max: number,
    visibilityMs: number,
    groupShare: number,
  ): Promise<readonly FifoMessage[]> {
    this.#groupShare = groupShare;
    const messages = await this.memory.receive(queue, { max, visibilityMs });
    for (const message of messages) this.#inHand.set(message.messageId, message);
    this.onChange(queue);
    return messages;
  }

  async delete(
    queue: string,
    receipts: readonly string[],
    call: Call | null,
  ): Promise<readonly boolean[]> {
    const deleted: boolean[] = [];
    for (const receipt of receipts) deleted.push(await this.#delete(queue, receipt, call));
    this.onChange(queue);
    return deleted;
  }

  async changeVisibility(queue: string, receipts: readonly string[], ms: number): Promise<void> {
    await this.memory.changeVisibility(queue, receipts, ms);
    this.onChange(queue);
  }

  /** Makes messages visible again while their holder goes on. */
  expire(queue: string, messages: readonly FifoMessage[]): void {
    const receipts = new Set(messages.map(({ receipt }) => receipt));
    this.memory.expire(queue, ({ receipt }) => receipts.has(receipt));
    this.onChange(queue);
  }

  /** Messages of all queues, in flight or not. */
  backlog(): number {
    return this.memory.queues().reduce((sum, queue) => sum + this.memory.backlog(queue), 0);
  }

  async #delete(queue: string, receipt: string, call: Call | null): Promise<boolean> {
    const before = this.memory.backlog(queue);
    const [answer = false] = await this.memory.delete(queue, [receipt]);
    if (this.memory.backlog(queue) === before) return answer;
    const messageId = receipt.slice(receipt.indexOf(":") + 1);
    const message = this.#inHand.get(messageId);
    if (message === undefined) return answer;
    this.#inHand.delete(messageId);
    for (const observer of this.#sim.observers) observer.onDelete?.(queue, message, call);
    if (this.#strikes("gone", "ghost", queue)) {
      this.onGhost(queue, { ...message, receipt: GHOST_RECEIPT });
    }
    return answer;
  }

  #strikes(kind: HostKind, fault: FaultKind, queue: string): boolean {
    const { injector } = this.#sim;
    const place = injector.place(kind, queue);
    if (place.risks.length === 0) return false;
    return injector.strikeOf(fault, place, injector.next(place)) !== null;
  }

  #vanishes(queue: string, message: VanishingMessage): boolean {
    const { messageId, group, body, receiveCount } = message;
    const { injector, observers, recorder, timeline } = this.#sim;
    const place = injector.place("message", queue);
    if (place.risks.length === 0) return false;
    const word = injector.next(place);
    const losable = receiveCount === 0 && this.isData(queue, body);
    const strikes =
      injector.strikeOf("vanish", place, word) !== null ||
      (losable && injector.strikeOf("lose", place, word) !== null);
    if (!strikes) return false;
    recorder.note(timeline.now, queue, 0, `message ${messageId} of group ${group} vanishes`);
    for (const observer of observers) observer.onVanish?.(queue, messageId, group);
    this.#inHand.delete(messageId);
    return true;
  }

  #repeated(queue: string, entry: FifoEntry): "swallow" | "deliver" {
    if (this.#strikes("repeat", "repeat-delivers", queue)) return "deliver";
    this.#swallowed.add(entry);
    return "swallow";
  }

  #nextFate(): EntryFate {
    this.#asked += 1;
    return this.#fates[this.#asked - 1] ?? "accept";
  }

  #tell(
    queue: string,
    entries: readonly FifoEntry[],
    fates: readonly EntryFate[],
    call: Call,
  ): void {
    for (const observer of this.#sim.observers) {
      if (observer.onSend === undefined) continue;
      for (let at = 0; at < entries.length; at += 1) {
        const fate = fates[at] ?? "accept";
        const entry = entries[at] as FifoEntry; // at < length
        if (this.#swallowed.has(entry)) continue;
        if (fate === "accept" || fate === "accept-twice") observer.onSend(queue, entry, call);
        if (fate === "accept-twice") observer.onSend(queue, entry, call);
      }
    }
  }
}
