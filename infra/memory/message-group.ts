import { type Linked, LinkedList } from "./linked-list.ts";
import type { Expiring } from "./expiry-heap.ts";

/** A message of a queue. In flight while it is in the queue's heap of expiries. */
export class QueuedMessage implements Linked<QueuedMessage>, Expiring {
  readonly messageId: string;
  readonly group: MessageGroup;
  readonly body: Uint8Array;
  readonly number: number;
  /** Of the latest delivery; empty: none yet. */
  receipt = "";
  receiveCount = 0;
  dueAt = 0;
  slot = -1;
  previous: QueuedMessage | null = null;
  next: QueuedMessage | null = null;

  constructor(messageId: string, group: MessageGroup, body: Uint8Array, number: number) {
    this.messageId = messageId;
    this.group = group;
    this.body = body;
    this.number = number;
  }

  get inFlight(): boolean {
    return this.slot !== -1;
  }
}

/** The messages of one group, in the order they were sent. */
export class MessageGroup implements Linked<MessageGroup> {
  readonly name: string;
  readonly messages: LinkedList<QueuedMessage> = new LinkedList();
  /** How many of them are in somebody's hands. */
  inFlight = 0;
  /** Whether it is in the queue's list of groups that have something to give. */
  ready = false;
  previous: MessageGroup | null = null;
  next: MessageGroup | null = null;

  constructor(name: string) {
    this.name = name;
  }
}
