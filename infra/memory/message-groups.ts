import { assert } from "../../core/assert.ts";
import type { FifoMessage } from "../../core/ports/index.ts";
import { ExpiryHeap } from "./expiry-heap.ts";
import { LinkedList } from "./linked-list.ts";
import { MessageGroup, QueuedMessage } from "./message-group.ts";

/** A message that is about to be delivered. */
export interface VanishingMessage {
  readonly messageId: string;
  readonly group: string;
  readonly body: Uint8Array;
  /** Before this delivery. */
  readonly receiveCount: number;
}

/** What SQS leaves open, and what it does not promise. */
export interface DeliveryRules {
  /** Whether a receipt that is not the message's latest, or has expired, still deletes it. */
  staleReceiptDeletes(): boolean;
  /** Whether a message that is about to be delivered is lost instead (its retention ended). */
  vanish(message: VanishingMessage): boolean;
  /** How many messages of one group a receive takes at most before it goes on to the next group. */
  groupShare(): number;
}

/**
 * The messages of one FIFO queue: groups, locks, visibility.
 *
 *   MG1  a delivery takes messages from the front of a group, in the order they were added
 *   MG2  while a message of a group is in flight, no later receive takes anything of the group
 *   MG3  exactly the groups that have messages and none in flight are ready; receives serve them
 *        in turn
 *   MG4  a message leaves only by a delete, or when it vanishes; what is handed back or expires is
 *        visible again in its old place
 *   MG5  each delivery has a receipt of its own
 */
export class MessageGroups {
  readonly #rules: DeliveryRules;
  readonly #receiptPrefix: string;
  readonly #groups = new Map<string, MessageGroup>();
  readonly #messages = new Map<string, QueuedMessage>();
  readonly #ready = new LinkedList<MessageGroup>();
  readonly #inFlight = new ExpiryHeap<QueuedMessage>();
  #added = 0;
  #deliveries = 0;

  /** `receiptPrefix`, without a colon, tells receipts of several lives of one queue apart. */
  constructor(rules: DeliveryRules, receiptPrefix = "") {
    this.#rules = rules;
    this.#receiptPrefix = receiptPrefix;
  }

  /** Messages, in flight or not. */
  get backlog(): number {
    return this.#messages.size;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  has(messageId: string): boolean {
    return this.#messages.has(messageId);
  }

  add(messageId: string, groupName: string, body: Uint8Array): void {
    assert(!this.#messages.has(messageId), "MG1: a message is added once");
    const group = this.#group(groupName);
    const message = new QueuedMessage(messageId, group, body, this.#added);
    this.#added += 1;
    this.#messages.set(messageId, message);
    group.messages.push(message);
    this.#settle(group);
  }

  receive(max: number, visibilityMs: number, now: number): FifoMessage[] {
    this.expire(now);
    const taken: FifoMessage[] = [];
    while (taken.length < max) {
      const group = this.#ready.first;
      if (group === null) break;
      const share = Math.max(1, this.#rules.groupShare());
      this.#takeFrom(group, Math.min(max, taken.length + share), now + visibilityMs, taken);
      this.#settle(group);
    }
    return taken;
  }

  /** True: the message is gone, or the receipt is too old to tell. False: it had expired. */
  delete(receipt: string, now: number): boolean {
    this.expire(now);
    const message = this.#messages.get(messageIdOf(receipt));
    if (message === undefined) return true;
    const latest = message.receipt === receipt;
    if (!(latest && message.inFlight) && !this.#rules.staleReceiptDeletes()) return !latest;
    this.#remove(message);
    return true;
  }

  /** Nothing happens when the receipt is stale. */
  changeVisibility(receipt: string, visibleAt: number, now: number): void {
    this.expire(now);
    const message = this.#messages.get(messageIdOf(receipt));
    if (message === undefined || message.receipt !== receipt || !message.inFlight) return;
    this.#inFlight.reschedule(message, visibleAt);
    this.expire(now);
  }

  /** Makes messages visible again whose time has come. */
  expire(now: number): void {
    for (let due = this.#inFlight.shiftDue(now); due !== null; due = this.#inFlight.shiftDue(now)) {
      due.group.inFlight -= 1;
      this.#settle(due.group);
    }
  }

  /** Makes those messages in flight visible again for which `chosen` says so. How many. */
  expireChosen(chosen: (message: FifoMessage) => boolean): number {
    const all = this.#inFlight.toArray().sort((a, b) => a.number - b.number);
    const due = all.filter((message) => chosen(inHand(message)));
    for (const message of due) {
      this.#inFlight.remove(message);
      message.group.inFlight -= 1;
      this.#settle(message.group);
    }
    return due.length;
  }

  /** When a receive may find something: now, at an expiry, or never. */
  nextVisibleAt(now: number): number | null {
    this.expire(now);
    return this.#ready.length > 0 ? now : (this.#inFlight.first?.dueAt ?? null);
  }

  /** Messages of a group, in flight or not. */
  groupBacklog(group: string): number {
    return this.#groups.get(group)?.messages.length ?? 0;
  }

  /** The groups that have messages. */
  groups(): readonly string[] {
    return [...this.#groups.keys()];
  }

  /** All messages, each group's in its order. */
  *messages(): Iterable<QueuedMessage> {
    for (const group of this.#groups.values()) {
      for (let each = group.messages.first; each !== null; each = each.next) yield each;
    }
  }

  #takeFrom(group: MessageGroup, max: number, visibleAt: number, taken: FifoMessage[]): void {
    assert(group.inFlight === 0, "MG2: a ready group has nothing in flight");
    let message = group.messages.first;
    while (message !== null && taken.length < max) {
      const following: QueuedMessage | null = message.next;
      const { messageId, body, receiveCount } = message;
      if (this.#rules.vanish({ messageId, group: group.name, body, receiveCount })) {
        this.#remove(message);
      } else {
        this.#deliver(message, visibleAt);
        taken.push(inHand(message));
      }
      message = following;
    }
  }

  #deliver(message: QueuedMessage, visibleAt: number): void {
    this.#deliveries += 1;
    message.receipt = `${this.#receiptPrefix}${this.#deliveries}:${message.messageId}`;
    message.receiveCount += 1;
    message.dueAt = visibleAt;
    message.group.inFlight += 1;
    this.#inFlight.push(message);
  }

  #remove(message: QueuedMessage): void {
    const { group } = message;
    this.#messages.delete(message.messageId);
    group.messages.remove(message);
    if (message.inFlight) {
      this.#inFlight.remove(message);
      group.inFlight -= 1;
    }
    this.#settle(group);
  }

  #group(name: string): MessageGroup {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group = new MessageGroup(name);
    this.#groups.set(name, group);
    return group;
  }

  /** Keeps MG3 after a change of the group. */
  #settle(group: MessageGroup): void {
    const ready = group.inFlight === 0 && group.messages.length > 0;
    if (ready !== group.ready) {
      group.ready = ready;
      if (ready) this.#ready.push(group);
      else this.#ready.remove(group);
    }
    if (group.messages.length === 0) this.#groups.delete(group.name);
  }
}

/** The message that a receipt was given for. */
export function messageIdOf(receipt: string): string {
  return receipt.slice(receipt.indexOf(":") + 1);
}

function inHand(message: QueuedMessage): FifoMessage {
  return {
    messageId: message.messageId,
    group: message.group.name,
    body: message.body,
    receipt: message.receipt,
    receiveCount: message.receiveCount,
  };
}
