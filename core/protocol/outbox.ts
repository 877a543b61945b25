import { ByteReader, decodeValue, encodeValue, keepScratch, takeScratch } from "../record/index.ts";

/** Something that a committed turn does to the outside, before it sends its messages (P3.7). */
export type Effect =
  /** Makes committables of a two-phase sink visible, idempotent by what they are. */
  | { readonly kind: "publish"; readonly uid: string; readonly committables: readonly unknown[] }
  /** Records for a write-ahead sink, applied once per (sink, generation, subtask, version). */
  | { readonly kind: "apply"; readonly uid: string; readonly records: Uint8Array }
  /** Records for a sink that has no guard: again after a crash. */
  | { readonly kind: "write"; readonly uid: string; readonly records: Uint8Array }
  /** Publishes the `_metadata` of a savepoint under its own name. */
  | { readonly kind: "savepoint"; readonly key: string; readonly from: string }
  /** The generation record says how the job ended, or why it cannot go on (`failed`). */
  | {
      readonly kind: "job";
      readonly phase: "finished" | "stopped" | "failed";
      readonly detail: unknown;
    }
  /** Deletes objects that nothing names any more; a name that ends in `/` stands for a folder. */
  | { readonly kind: "release"; readonly keys: readonly string[] }
  /** Deletes what of a peer's ledger lies below the base of its entry `version` (P6). */
  | {
      readonly kind: "trim";
      readonly peer: number;

      readonly version: number;
    }
  /**
   * Adds the entry itself, a cut, to those that acknowledge a checkpoint (AS1), when all messages are
   * sent; if `count` subtasks have, the coordinator is told.
   */
  | {
      readonly kind: "acknowledge";
      readonly checkpoint: number;
      readonly member: number;
      readonly count: number;
    }
  /** Nobody acknowledges these checkpoints any more (AS4). */
  | { readonly kind: "drop-acknowledgements"; readonly checkpoints: readonly number[] }
  /** Sends a peer that misses messages everything behind a number again (P10). */
  | { readonly kind: "repair"; readonly peer: number; readonly behind: number }
  /** Deletes the ledgers of an older generation as a whole. */
  | {
      readonly kind: "drop-generation";
      readonly generation: number;
      readonly parallelism: Readonly<Record<string, number>>;
    };

/** A message of a turn, without what its sender knows: who sends, in which generation. */
export interface OutboxMessage {
  /** Place in the sender's list of peers. */
  readonly to: number;
  readonly sequence: number;
  readonly data: boolean;
  readonly body: Uint8Array;
}

/** A wake-up that a turn arms: a message to the standard queue. */
export interface OutboxWake {
  readonly number: number;
  readonly timeMs: number;
}

/** Everything that has to happen outside after a commit, in this order. */
export interface Outbox {
  readonly effects: readonly Effect[];
  readonly messages: readonly OutboxMessage[];
  readonly wake: OutboxWake | null;
}

export const EMPTY_OUTBOX: Outbox = Object.freeze({ effects: [], messages: [], wake: null });

/** Bodies stand one behind the other at the end, so that a message can refer to a range. */
export interface EncodedOutbox {
  readonly bytes: Uint8Array;
  /** Where each message's body begins in `bytes`. */
  readonly offsets: readonly number[];
}

export function encodeOutbox({ effects, messages, wake }: Outbox): EncodedOutbox {
  const writer = takeScratch();
  encodeValue(effects, writer);
  encodeValue(wake, writer);
  writer.writeVarint(messages.length);
  for (const { to, sequence, data, body } of messages) {
    writer.writeVarint(to);
    writer.writeVarint(sequence);
    writer.writeByte(data ? 1 : 0);
    writer.writeVarint(body.length);
  }
  const offsets: number[] = [];
  for (const { body } of messages) {
    offsets.push(writer.length);
    writer.writeBytes(body);
  }
  const bytes = writer.toBytes();
  keepScratch(writer);
  return { bytes, offsets };
}

export function decodeOutbox(bytes: Uint8Array): Outbox {
  const reader = new ByteReader(bytes);
  // Our own encoder wrote both, and the entry's checksum vouches for the bytes.
  const effects = decodeValue(reader) as readonly Effect[];
  const wake = decodeValue(reader) as OutboxWake | null;
  const count = reader.readCount("an outbox", 4);
  const heads = [];
  for (let i = 0; i < count; i += 1) {
    heads.push({
      to: reader.readVarint(),
      sequence: reader.readVarint(),
      data: reader.readByte() === 1,
      length: reader.readVarint(),
    });
  }
  const messages = heads.map(({ to, sequence, data, length }) => ({
    to,
    sequence,
    data,
    body: reader.readView(length),
  }));
  reader.expectEnd();
  return { effects, messages, wake };
}
