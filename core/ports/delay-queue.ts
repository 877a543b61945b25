import type { CallScope } from "./call-scope.ts";

/** A message of a standard queue in somebody's hands. */
export interface DelayedMessage {
  /** Given by the queue, the same over all deliveries of this message. */
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly receipt: string;
}

/**
 * One standard queue whose messages show up after a delay: late, more than once, in any order, but
 * never lost.
 */
export interface DelayQueue {
  /** `delayMs`: 0 to 900,000. */
  send(body: Uint8Array, delayMs: number, scope: CallScope): Promise<void>;
  receive(
    options: { readonly max: number; readonly visibilityMs: number },
    scope: CallScope,
  ): Promise<readonly DelayedMessage[]>;
  delete(receipts: readonly string[], scope: CallScope): Promise<readonly boolean[]>;
}
