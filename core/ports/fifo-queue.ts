import type { CallScope } from "./call-scope.ts";

/** A message on its way into a queue. */
export interface FifoEntry {
  /** Messages of one group are delivered in order, one holder at a time. */
  readonly group: string;
  /**
   * A second entry with the same id is accepted and never delivered, for five minutes, also after
   * the first was consumed and deleted. Ids count per queue and group.
   */
  readonly deduplicationId: string;
  readonly body: Uint8Array;
}

/** A message in somebody's hands. */
export interface FifoMessage {
  /** Given by the queue, the same over all deliveries of this message. */
  readonly messageId: string;
  readonly group: string;
  readonly body: Uint8Array;
  /** For `delete` and `changeVisibility`; another one at each delivery. */
  readonly receipt: string;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
}

/**
 * FIFO queues with message groups, as SQS behaves: at-least-once, ordered per group, and while a
 * message of a group is in flight nothing further of that group is delivered (but to the same
 * receive call). A queue is made by its first use.
 */
export interface FifoQueues {
  /**
   * At most 10 entries and 1 MiB. Answers for each entry whether it was accepted; an entry that was
   * not is nowhere, but later ones of the call may be. A rejection leaves open what was accepted.
   */
  send(queue: string, entries: readonly FifoEntry[], scope: CallScope): Promise<readonly boolean[]>;
  /**
   * Up to `max` (1 to 10) messages of any groups, hidden from others for `visibilityMs`. Messages of
   * one group come in their order and from the front. Empty: nothing is there.
   */
  receive(
    queue: string,
    options: { readonly max: number; readonly visibilityMs: number },
    scope: CallScope,
  ): Promise<readonly FifoMessage[]>;
  /**
   * Deletes messages. An old receipt (its message was delivered again since) may or may not work.
   * False: that message could not be deleted, try again. One that is gone already counts as deleted.
   */
  delete(queue: string, receipts: readonly string[], scope: CallScope): Promise<readonly boolean[]>;
  /** Hides messages in hand for `visibilityMs` from now; 0 hands them back at once. */
  changeVisibility(
    queue: string,
    receipts: readonly string[],
    visibilityMs: number,
    scope: CallScope,
  ): Promise<void>;
}

/** What SQS allows. */
export const fifoLimits = {
  entriesPerCall: 10,
  bytesPerCall: 1_048_576,
  deduplicationMs: 300_000,
  delayMsMax: 900_000,
} as const;
