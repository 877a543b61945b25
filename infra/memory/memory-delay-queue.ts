import type { Clock, DelayQueue, DelayedMessage } from "../../core/ports/index.ts";
import { checkBody, checkDelay, checkReceive } from "../port-limits.ts";
import { type Expiring, ExpiryHeap } from "./expiry-heap.ts";
import { messageIdOf } from "./message-groups.ts";

/** What the queue does wrong, or differently, within what SQS allows. Nothing by default. */
export interface DelayFaults {
  /** How much later than asked for a message shows up. */
  extraDelayMs?(): number;
  /** A message is stored twice, with different ids. */
  acceptTwice?(): boolean;
  /** Asked for a receipt that is not the message's latest. No by default. */
  staleReceiptDeletes?(): boolean;
}

interface Waiting extends Expiring {
  readonly messageId: string;
  readonly body: Uint8Array;
  receipt: string;
}

/**
 * A standard queue in memory. Like the FIFO queues in memory it is the service, not its client: it
 * never looks at the scope of a call, and keeps bodies by reference.
 *
 *   MD1  every message is in the heap, due when it may be delivered (again)
 *   MD2  time passes only with the clock, ids and receipts come from counters
 */
export class MemoryDelayQueue implements DelayQueue {
  readonly #clock: Clock;
  readonly #faults: DelayFaults;
  readonly #heap = new ExpiryHeap<Waiting>();
  readonly #messages = new Map<string, Waiting>();
  #sent = 0;
  #deliveries = 0;

  constructor(clock: Clock, options: { readonly faults?: DelayFaults } = {}) {
    this.#clock = clock;
    this.#faults = options.faults ?? {};
  }

  // The methods are async so that what they throw rejects; they never wait.
  async send(body: Uint8Array, delayMs: number): Promise<void> {
    checkDelay("delay", delayMs);
    checkBody("delay", body);
    const dueAt = this.#clock.now() + delayMs + (this.#faults.extraDelayMs?.() ?? 0);
    this.#store(body, dueAt);
    if (this.#faults.acceptTwice?.() ?? false) this.#store(body, dueAt);
  }

  async receive(options: {
    readonly max: number;
    readonly visibilityMs: number;
  }): Promise<readonly DelayedMessage[]> {
    const { max, visibilityMs } = options;
    checkReceive("delay", max, visibilityMs);
    const now = this.#clock.now();
    const due: Waiting[] = [];
    while (due.length < max) {
      const message = this.#heap.shiftDue(now);
      if (message === null) break;
      due.push(message);
    }
    return due.map((message) => this.#deliver(message, now + visibilityMs));
  }

  async delete(receipts: readonly string[]): Promise<readonly boolean[]> {
    return receipts.map((receipt) => this.#delete(receipt));
  }

  /** Messages, delayed, visible or in flight. */
  get backlog(): number {
    return this.#messages.size;
  }

  /** When a receive may find something: now, later, or (null) not before something is sent. */
  nextVisibleAt(): number | null {
    const first = this.#heap.first;
    return first === null ? null : Math.max(first.dueAt, this.#clock.now());
  }

  #store(body: Uint8Array, dueAt: number): void {
    this.#sent += 1;
    const messageId = `d${this.#sent}`;
    const message = { messageId, body, receipt: "", dueAt, number: this.#sent, slot: -1 };
    this.#messages.set(messageId, message);
    this.#heap.push(message);
  }

  #deliver(message: Waiting, visibleAt: number): DelayedMessage {
    this.#deliveries += 1;
    const { messageId, body } = message;
    const receipt = `${this.#deliveries}:${messageId}`;
    message.receipt = receipt;
    message.dueAt = visibleAt;
    this.#heap.push(message);
    return { messageId, body, receipt };
  }

  /** True also where a stale receipt does nothing: SQS does not tell. */
  #delete(receipt: string): boolean {
    const message = this.#messages.get(messageIdOf(receipt));
    if (message === undefined) return true;
    const stale = message.receipt !== receipt;
    if (stale && !(this.#faults.staleReceiptDeletes?.() ?? false)) return true;
    this.#messages.delete(message.messageId);
    this.#heap.remove(message);
    return true;
  }
}
