import type { FifoMessage } from "../ports/index.ts";
import { type Address, addressName, isCoordinator } from "./address.ts";
import { broken } from "./canaries.ts";
import type { Credits } from "./credits.ts";
import type { Peers } from "./job-topology.ts";
import type { MessageContent } from "./message.ts";
import type { OutboxSender } from "./outbox-sender.ts";
import type { StoredSubtask } from "./subtask-store.ts";
import type { TurnToken } from "./turn-token.ts";
import type { WarmSubtask } from "./warm-cache.ts";

export interface LostMessagesOptions {
  readonly address: Address;
  readonly generation: number;
  readonly peers: Peers;
  readonly credits: Credits;
}

/** After so many deliveries of a message that waits for credit, and each time they have doubled. */
const RESEND_RECEIVES = 32;

/**
 * Messages with data that a queue has lost, and behind which nothing comes that would show a gap
 * (P10): who has sent them waits for something that only they would bring. It has them still.
 *
 *   LM1  who waits for credit long enough sends again what its receivers have not consumed; they drop
 *        what they know
 *   LM2  who gets only messages that it knows, and has told itself to go on without having heard it,
 *        says it again: that may be what all its senders wait for. Not for one of its own, or it would
 *        go on so for ever
 *   LM3  nothing is sent of an entry whose effects may be open (OS1): the head is finished whole, and
 *        only if nothing older has what is wanted
 *   LM4  a resend that fails changes nothing else; the next occasion tries it again
 *
 * Not made good for: a message that an invocation has had and not acknowledged, because the entry that
 * has it in its hands may be unsent (P3.2), so queues have no dead-letter queue; and, while no checkpoint
 * is due whose barrier would help, a `continue` of a subtask that nobody sends anything, and a message
 * that is lost again when it was sent again.
 */
export class LostMessages {
  readonly #options: LostMessagesOptions;

  constructor(options: LostMessagesOptions) {
    this.#options = options;
  }

  /**
   * LM1. `waiting`: the first message that is handed back for want of credit. It is new, so the head
   * is finished (I-OUTBOX).
   */
  async whileBlocked(
    waiting: FifoMessage | undefined,
    { version, protocol: { sent } }: StoredSubtask,
    sender: OutboxSender,
    token: TurnToken,
  ): Promise<void> {
    if (waiting === undefined || !isDue(waiting) || broken("unconsumed-not-resent")) return;
    const { credits, address, generation, peers } = this.#options;
    await leniently(token, async () => {
      const consumed = await credits.consumedBy(address, peers, generation, token);
      const behind = [...consumed].filter(([peer, last]) => (sent[peer] ?? 0) > last);
      await sender.resend(version, new Map(behind), token);
    });
  }

  /** LM2. `contents`: messages that are no-ops for ever. Answers whether the head is known as sent. */
  async nothingNew(
    contents: readonly MessageContent[],
    { stored, sent }: WarmSubtask,
    sender: OutboxSender,
    token: TurnToken,
  ): Promise<boolean> {
    const { address, peers } = this.#options;
    if (isCoordinator(address) || broken("continue-not-resent")) return sent;
    const heard = stored.protocol.received[peers.self] ?? 0;
    if ((stored.protocol.sent[peers.self] ?? 0) <= heard) return sent;
    const self = addressName(address);
    const ofOthers = contents.some(
      (each) => each.kind === "channel" && addressName(each.from) !== self,
    );
    if (!ofOthers) return sent;
    let finished = sent;
    await leniently(token, async () => {
      const behind = new Map([[peers.self, heard]]);
      const { version } = stored;
      if (await sender.resend(sent ? version : version - 1, behind, token)) return;
      if (sent) return;
      await sender.finish(stored, token);
      finished = true;
    });
    return finished;
  }
}

/** LM4. */
async function leniently(token: TurnToken, resend: () => Promise<void>): Promise<void> {
  try {
    await resend();
  } catch (error) {
    if (!token.isLive()) throw error;
  }
}

/** At 32, 64, 128 .. deliveries: a receiver that is only slow gets few copies. */
function isDue({ receiveCount }: FifoMessage): boolean {
  return receiveCount >= RESEND_RECEIVES && Number.isInteger(Math.log2(receiveCount));
}
