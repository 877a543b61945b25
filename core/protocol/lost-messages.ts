import type { FifoMessage } from "../ports/index.ts";
import { type Address, addressName, isCoordinator } from "./address.ts";
import { broken } from "./canaries.ts";
import type { Credits } from "./credits.ts";
import { type Peers, SELF_PEER } from "./job-topology.ts";
import type { MessageContent } from "./message.ts";
import type { OutboxSender } from "./outbox-sender.ts";
import type { StoredSubtask } from "./subtask-store.ts";
import type { TurnToken } from "./turn-token.ts";

export interface LostMessagesOptions {
  readonly address: Address;
  readonly generation: number;
  readonly peers: Peers;
  readonly credits: Credits;
}

/** A message that waits for credit is handed back so often between two resends: minutes. */
const RESEND_RECEIVES = 32;

/**
 * Messages with data that a queue has lost, and behind which nothing comes that would show a gap
 * (P10): their sender waits for the credit that only they would give back. It has them still.
 *
 *   LM1  who waits for credit long enough sends again what its receivers have not consumed; they drop
 *        what they know
 *   LM2  who gets a message that it knows, and has told itself to go on without having heard it, says
 *        it again: that may be what all its senders wait for. Not for one of its own, or it would
 *        go on so for ever
 *   LM3  a message that an invocation has had and not acknowledged is not made good for: the entry
 *        that has it in its hands may be unsent (P3.2), so queues have no dead-letter queue
 */
export class LostMessages {
  readonly #options: LostMessagesOptions;

  constructor(options: LostMessagesOptions) {
    this.#options = options;
  }

  /** LM1. `waiting`: the first message that is handed back for want of credit. */
  async whileBlocked(
    waiting: FifoMessage | undefined,
    { version }: StoredSubtask,
    sender: OutboxSender,
    token: TurnToken,
  ): Promise<void> {
    if (waiting === undefined || waiting.receiveCount % RESEND_RECEIVES !== 0) return;
    if (broken("unconsumed-not-resent")) return;
    const { credits, address, generation, peers } = this.#options;
    const consumed = await credits.consumed(address, peers, generation, token);
    const isOpen = (to: number, sequence: number): boolean =>
      sequence > (consumed.get(to) ?? Infinity);
    await sender.resend(version, ({ to, sequence }) => isOpen(to, sequence), token);
  }

  /** LM2. `contents`: messages of which none is new. */
  async nothingNew(
    contents: readonly MessageContent[],
    { version, protocol: { sent, received } }: StoredSubtask,
    sender: OutboxSender,
    token: TurnToken,
  ): Promise<void> {
    const { address } = this.#options;
    if (isCoordinator(address) || broken("continue-not-resent")) return;
    const heard = received[SELF_PEER] ?? 0;
    if ((sent[SELF_PEER] ?? 0) <= heard) return;
    const self = addressName(address);
    const ofOthers = contents.some(
      (each) => each.kind === "channel" && addressName(each.from) !== self,
    );
    if (!ofOthers) return;
    await sender.resend(version, ({ to, sequence }) => to === SELF_PEER && sequence > heard, token);
  }
}
