import type { KeyedFileRef } from "../checkpoint/snapshot.ts";
import { DataError } from "../errors.ts";
import {
  ByteReader,
  beginEnvelope,
  decodeFirstItems,
  encodeValue,
  endEnvelope,
  fromBytes,
  keepScratch,
  open,
  takeScratch,
} from "../record/index.ts";

/**
 * An item of a subtask's ledger (P2): the body of an envelope of kind `ledgerEntry`, format 1.
 *
 *   LE1  a version is written once; `commitId` is random, one per try of a turn
 *   LE2  objects that an entry names were written before it, and their keys hold its commit id
 *   LE3  a base entry stands for itself: its delta has every section, and `files` the keyed state
 *   LE4  entries above `base` up to the head are contiguous
 */
export const LEDGER_ENTRY_FORMAT = 1;

/** Keyed state of one operator at a base entry. */
export interface KeyedBase {
  readonly uid: string;
  /** What a restore gave, by old subtask; empty without one. */
  readonly restored: readonly (readonly KeyedFileRef[])[];
  /** What the subtask itself wrote since: a base and segments, or segments on top of `restored`. */
  readonly own: readonly KeyedFileRef[];
}

/** Delta and outbox of an entry. */
export type EntryBody =
  | { readonly kind: "inline"; readonly delta: Uint8Array; readonly outbox: Uint8Array }
  | {
      readonly kind: "ref";
      readonly key: string;
      readonly deltaBytes: number;
      readonly deltaChecksum: number;
      readonly outboxBytes: number;
      readonly outboxChecksum: number;
    };

export interface LedgerEntry {
  readonly kind: "genesis" | "turn" | "seal";
  readonly commitId: string;
  readonly committedAtMs: number;
  /** Of the code that made the entry. */
  readonly codeHash: string;
  /** Of the generation's plan; only a genesis has it. */
  readonly planHash: string;
  /** The newest base entry, this one or before it. */
  readonly base: number;
  /** Hashes of the ids of all messages of the group in hand (P2 `w`). */
  readonly hands: readonly number[];
  /** By place in the list of peers: how far its messages are consumed (P11 `cons`). */
  readonly consumed: readonly number[];
  /** Null: not a base entry. */
  readonly files: readonly KeyedBase[] | null;
  /** The checkpoint that this turn cut; 0: none. */
  readonly cut: number;
  /** Of a seal: the next generation; 0: no seal. */
  readonly next: number;
  readonly body: EntryBody;
}

const KINDS = ["genesis", "turn", "seal"] as const;

export function encodeEntry(entry: LedgerEntry): Uint8Array {
  const { body } = entry;
  const stored =
    body.kind === "inline"
      ? [body.delta, body.outbox]
      : [body.key, body.deltaBytes, body.deltaChecksum, body.outboxBytes, body.outboxChecksum];
  const writer = takeScratch();
  const start = beginEnvelope("ledgerEntry", LEDGER_ENTRY_FORMAT, writer);
  encodeValue(
    [
      KINDS.indexOf(entry.kind),
      entry.commitId,
      entry.committedAtMs,
      entry.codeHash,
      entry.planHash,
      entry.base,
      Uint32Array.from(entry.hands),
      entry.consumed,
      entry.files,
      entry.cut,
      entry.next,
      stored,
    ],
    writer,
  );
  endEnvelope(start, writer);
  const bytes = writer.toBytes();
  keepScratch(writer);
  return bytes;
}

type StoredBody =
  | readonly [delta: Uint8Array, outbox: Uint8Array]
  | readonly [
      key: string,
      deltaBytes: number,
      deltaChecksum: number,
      outboxBytes: number,
      outboxChecksum: number,
    ];

/** The envelope's checksum vouches for what is inside; its first field tells it from other values. */
export function decodeEntry(bytes: Uint8Array): LedgerEntry {
  const value = fromBytes(open(bytes, "ledgerEntry", { versionMax: LEDGER_ENTRY_FORMAT }).body);
  const fields = Array.isArray(value) ? (value as unknown[]) : [];
  const kind = KINDS[fields[0] as number];
  if (kind === undefined || fields.length !== 12) throw malformed();
  return {
    kind,
    commitId: fields[1] as string,
    committedAtMs: fields[2] as number,
    codeHash: fields[3] as string,
    planHash: fields[4] as string,
    base: fields[5] as number,
    hands: [...(fields[6] as Uint32Array)],
    consumed: fields[7] as readonly number[],
    files: fields[8] as readonly KeyedBase[] | null,
    cut: fields[9] as number,
    next: fields[10] as number,
    body: bodyOf(fields[11] as StoredBody),
  };
}

/** The commit id of an entry's bytes: all that a copy made at the entry has to know (I-CHAIN). */
export function commitIdOf(bytes: Uint8Array): string {
  const { body } = open(bytes, "ledgerEntry", { versionMax: LEDGER_ENTRY_FORMAT });
  const [kind, commitId] = decodeFirstItems(new ByteReader(body), 2);
  if (KINDS[kind as number] === undefined || typeof commitId !== "string") throw malformed();
  return commitId;
}

function bodyOf(stored: StoredBody): EntryBody {
  if (stored.length === 2) return { kind: "inline", delta: stored[0], outbox: stored[1] };
  const [key, deltaBytes, deltaChecksum, outboxBytes, outboxChecksum] = stored;
  return { kind: "ref", key, deltaBytes, deltaChecksum, outboxBytes, outboxChecksum };
}

function malformed(): DataError {
  return new DataError("a ledger entry is malformed", {
    code: "DATA_LEDGER_ENTRY",
    hint: "it was written by a newer Millrace, or its bytes are damaged",
  });
}
