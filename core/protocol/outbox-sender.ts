import { assert } from "../assert.ts";
import { StorageError } from "../errors.ts";
import { type FifoEntry, fifoLimits, randomId } from "../ports/index.ts";
import { crc32c } from "../record/index.ts";
import { acknowledgementSet, subtasksIn } from "./acknowledgement-set.ts";
import { type Address, COORDINATOR, addressName, groupOf, queueOf } from "./address.ts";
import { broken } from "./canaries.ts";
import type { Effects } from "./effects.ts";
import type { FunctionPorts } from "./function.ts";
import type { JobTopology, Peers } from "./job-topology.ts";
import type { EntryBody } from "./ledger-entry.ts";
import { type MessageBody, encodeMessage, isLargeBody } from "./message.ts";
import { TaskFailure } from "./failures.ts";
import { type Effect, type Outbox, type OutboxMessage, encodeOutbox } from "./outbox.ts";
import type { StoredSubtask, SubtaskStore } from "./subtask-store.ts";
import { hashOf } from "./turn-commit.ts";
import type { TurnToken } from "./turn-token.ts";
import { encodeWakeUp } from "./wake-up.ts";

export interface OutboxSenderOptions {
  readonly ports: FunctionPorts;
  readonly topology: JobTopology;
  readonly address: Address;
  readonly generation: number;
  readonly peers: Peers;
  readonly effects: Effects;
  readonly store: SubtaskStore;
}

interface Addressed {
  readonly queue: string;
  readonly entry: FifoEntry;
}

/** Tries of one call for entries that were not accepted. */
const TRIES = 4;
/** Entries that a resend reads at first; then twice as many, and so on. */
const RESEND_ENTRIES = 16;

/**
 * Makes happen what a committed entry says (P3.7).
 *
 *   OS1  effects first, one after the other; messages only when all are done (H18); one that fails
 *        counts as a failed turn of its entry, unless it says that it may pass
 *   OS2  every message has been accepted when `send` resolves; else it rejects
 *   OS3  what entries up to the head have sent may be sent again, in order, at any time, because the
 *        receiver drops what it knows (P10)
 *   OS4  a de-duplication id is new for every send call, so that a repeat is never swallowed (H20)
 *   OS5  a cut is acknowledged last, when everything else of its entry has happened (AS1, AS3)
 */
export class OutboxSender {
  readonly #options: OutboxSenderOptions;

  constructor(options: OutboxSenderOptions) {
    this.#options = options;
  }

  /** `body`: of the entry, for messages that are too large to travel. */
  async send(outbox: Outbox, version: number, body: EntryBody, token: TurnToken): Promise<void> {
    const { ports } = this.#options;
    if (!broken("ack-before-apply")) {
      for (const effect of outbox.effects) {
        if (effect.kind === "acknowledge") continue;
        if (effect.kind === "repair") {
          await this.resend(version - 1, new Map([[effect.peer, effect.behind]]), token);
        } else await this.#perform(effect, version, token);
      }
    }
    if (broken("acknowledge-before-send")) await this.#acknowledgeCuts(outbox, token);
    if (outbox.wake !== null) {
      const { number, timeMs } = outbox.wake;
      const wake = this.#wakeMessage(number, timeMs);
      const delayMs = Math.min(Math.max(0, timeMs - ports.clock.now()), fifoLimits.delayMsMax);
      await ports.delays.send(wake, delayMs, token);
      token.check();
    }
    await this.#sendAll(this.#addressed(outbox, body), token);
    await this.#acknowledgeCuts(outbox, token);
    if (broken("ack-before-apply")) {
      for (const effect of outbox.effects) {
        if (effect.kind !== "acknowledge") await this.#perform(effect, version, token);
      }
    }
  }

  /** Sends everything of a head of which nobody here knows that it was sent. */
  async finish({ version, head }: StoredSubtask, token: TurnToken): Promise<void> {
    const outbox = await this.#options.store.outbox(head.body, token);
    await this.send(outbox, version, head.body, token);
  }

  /** OS5. */
  async #acknowledgeCuts({ effects }: Outbox, token: TurnToken): Promise<void> {
    for (const effect of effects) {
      if (effect.kind === "acknowledge") await this.#acknowledge(effect, token);
    }
  }

  async #acknowledge(
    { checkpoint, member, count }: Effect & { readonly kind: "acknowledge" },
    token: TurnToken,
  ): Promise<void> {
    const { topology, generation, ports } = this.#options;
    const set = acknowledgementSet(topology.job, generation, checkpoint);
    const members = await ports.sets.add(set, member, token);
    token.check();
    assert(members.includes(member), `AS1: ${set} has the member that was added`);
    if (subtasksIn(members) < count) return;
    const content = { kind: "acknowledged", checkpoint } as const;
    const entry = {
      group: groupOf(generation, COORDINATOR.subtask),
      deduplicationId: `${generation}.acks.${checkpoint}.${randomId(ports.random)}`,
      body: encodeMessage({ job: topology.job, generation, content }),
    };
    await this.#sendAll([{ queue: queueOf(topology.job, COORDINATOR.vertex), entry }], token);
  }

  /** What a sink refuses is a failure of the job, not of a queue (OS1). */
  async #perform(effect: Effect, version: number, token: TurnToken): Promise<void> {
    try {
      await this.#options.effects.perform(effect, version);
    } catch (error) {
      token.check();
      throw isOfSink(effect) ? new TaskFailure(error, version) : error;
    }
    token.check();
  }

  /**
   * Sends again what entries up to `version` have sent (OS3): to each peer of `behind` its messages
   * behind that number. Reads backwards from the newest entry, to the first of them that is left.
   * Answers whether there was any.
   */
  async resend(
    version: number,
    behind: ReadonlyMap<number, number>,
    token: TurnToken,
  ): Promise<boolean> {
    const { store } = this.#options;
    const isWanted = ({ to, sequence }: OutboxMessage): boolean =>
      sequence > (behind.get(to) ?? Infinity);
    const open = new Map(behind);
    const found: (readonly Addressed[])[] = [];
    let to = version;
    for (let count = RESEND_ENTRIES; to > 0 && open.size > 0; count *= 2) {
      const from = Math.max(1, to - count + 1);
      const entries = await store.entries(from, to, token);
      if (entries.length === 0) break;
      for (const entry of entries.toReversed()) {
        if (entry.kind !== "turn") continue;
        const outbox = await store.outbox(entry.body, token);
        const messages = this.#addressed(outbox, entry.body, isWanted);
        if (messages.length > 0) found.push(messages);
        for (const message of outbox.messages) {
          if (open.get(message.to) === message.sequence - 1) open.delete(message.to);
        }
        if (open.size === 0) break;
      }
      to = from - 1;
    }
    for (const messages of found.toReversed()) await this.#sendAll(messages, token);
    return found.length > 0;
  }

  #addressed(
    outbox: Outbox,
    body: EntryBody,
    isWanted: (message: OutboxMessage) => boolean = () => true,
  ): readonly Addressed[] {
    const { topology, peers, generation } = this.#options;
    const large = outbox.messages.some((message) => isLargeBody(message.body.length));
    const offsets = large ? encodeOutbox(outbox).offsets : [];
    return outbox.messages.flatMap((message, index) => {
      if (!isWanted(message)) return [];
      const to = peers.addresses[message.to];
      if (to === undefined) return [];
      return [
        {
          queue: queueOf(topology.job, to.vertex),
          entry: {
            group: this.#group(generation, to, message),
            deduplicationId: this.#deduplicationId(to, message.sequence),
            body: this.#encode(message, messageBody(message, offsets[index], body)),
          },
        },
      ];
    });
  }

  #group(generation: number, to: Address, { data }: OutboxMessage): string {
    const group = groupOf(generation, to.subtask);
    return broken("two-groups") && !data ? `${group}b` : group;
  }

  #encode({ sequence, data }: OutboxMessage, body: MessageBody): Uint8Array {
    const { topology, address, generation } = this.#options;
    return encodeMessage({
      job: topology.job,
      generation,
      content: { kind: "channel", from: address, sequence, data, body },
    });
  }

  #deduplicationId(to: Address, sequence: number): string {
    const { address, generation, ports } = this.#options;
    const channel = hashOf(`${addressName(address)} ${addressName(to)}`).toString(16);
    if (broken("dedup-without-generation")) return `${channel}.${sequence}`;
    if (broken("dedup-without-attempt")) return `${generation}.${channel}.${sequence}`;
    return `${generation}.${channel}.${sequence}.${randomId(ports.random)}`;
  }

  #wakeMessage(number: number, timeMs: number): Uint8Array {
    const { topology, address, generation } = this.#options;
    return encodeWakeUp({
      queue: queueOf(topology.job, address.vertex),
      group: groupOf(generation, address.subtask),
      timeMs,
      body: encodeMessage({ job: topology.job, generation, content: { kind: "wake", number } }),
    });
  }

  async #sendAll(messages: readonly Addressed[], token: TurnToken): Promise<void> {
    const queues = new Map<string, FifoEntry[]>();
    for (const { queue, entry } of messages) {
      const entries = queues.get(queue) ?? [];
      entries.push(entry);
      queues.set(queue, entries);
    }
    for (const [queue, entries] of queues) {
      for (const batch of batches(entries)) await this.#sendBatch(queue, batch, token);
    }
  }

  /** A failed entry is tried again alone: each is for another group, so nothing overtakes it (OS2). */
  async #sendBatch(queue: string, batch: readonly FifoEntry[], token: TurnToken): Promise<void> {
    let left = batch;
    for (let tries = 0; tries < TRIES && left.length > 0; tries += 1) {
      const accepted = await this.#options.ports.queues.send(queue, left, token);
      token.check();
      // Under another id: the refused one may count as used, and then nothing would be delivered.
      left = left
        .filter((_, index) => accepted[index] !== true)
        .map((entry) => ({ ...entry, deduplicationId: `${entry.deduplicationId}.${tries}` }));
    }
    if (left.length === 0) return;
    throw new StorageError(`queue ${queue} did not accept ${left.length} messages`, {
      code: "STORAGE_QUEUE_SEND",
      hint: "the turn's messages come again, and what was not sent is sent then",
      retryable: true,
    });
  }
}

function messageBody(
  message: OutboxMessage,
  offset: number | undefined,
  body: EntryBody,
): MessageBody {
  if (offset === undefined || body.kind === "inline" || !isLargeBody(message.body.length)) {
    return { kind: "inline", bytes: message.body };
  }
  const { length } = message.body;
  const checksum = crc32c(message.body, 0, length);
  return {
    kind: "ref",
    ref: { key: body.key, offset: body.deltaBytes + offset, length, checksum },
  };
}

function isOfSink({ kind }: Effect): boolean {
  return kind === "publish" || kind === "apply" || kind === "write";
}

/** As many entries as one call may have. */
function batches(entries: readonly FifoEntry[]): readonly (readonly FifoEntry[])[] {
  const all: FifoEntry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    const last = all.at(-1);
    bytes += entry.body.length;
    if (last === undefined || last.length >= fifoLimits.entriesPerCall || bytes > BYTES_PER_CALL) {
      all.push([entry]);
      bytes = entry.body.length;
    } else last.push(entry);
  }
  return all;
}

/** Room is left for attributes. */
const BYTES_PER_CALL = fifoLimits.bytesPerCall - 32_768;
