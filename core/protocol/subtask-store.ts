import { assert } from "../assert.ts";
import type { KeyedFileRef } from "../checkpoint/snapshot.ts";
import { StorageError } from "../errors.ts";
import type { BlobStore, Ledger, LedgerRow } from "../ports/index.ts";
import { crc32c, murmur3 } from "../record/index.ts";
import { broken } from "./canaries.ts";
import {
  type EntryBody,
  type KeyedBase,
  type LedgerEntry,
  commitIdOf,
  decodeEntry,
} from "./ledger-entry.ts";
import { objectLost } from "./object-lost.ts";
import { type Outbox, decodeOutbox } from "./outbox.ts";
import { PROTOCOL_SECTION, type ProtocolState, decodeProtocolState } from "./protocol-state.ts";
import { Sections, decodeChanges } from "./sections.ts";
import type { TurnToken } from "./turn-token.ts";

/** A subtask at its head, as bytes. */
export interface StoredSubtask {
  readonly version: number;
  readonly head: LedgerEntry;
  readonly sections: Sections;
  readonly files: readonly KeyedBase[];
  readonly entriesSinceBase: number;
  /** The version of the newest base entry, and when it was written. */
  readonly base: number;
  readonly protocol: ProtocolState;
}

export type LoadResult =
  | { readonly kind: "loaded"; readonly stored: StoredSubtask }
  /** There is no genesis. */
  | { readonly kind: "missing" }
  | { readonly kind: "sealed"; readonly next: number };

interface Row {
  readonly version: number;
  readonly entry: LedgerEntry;
}

/**
 * Reads the ledger of one subtask (P3.1).
 *
 *   I-CHAIN  a state is made from a base entry and all entries behind it, without a gap, up to the
 *            head; a copy goes on only from the very entry (version and commit id) it was made at
 */
export class SubtaskStore {
  readonly #ledger: Ledger;
  readonly #blobs: BlobStore;
  readonly partition: string;

  constructor(ledger: Ledger, blobs: BlobStore, partition: string) {
    this.#ledger = ledger;
    this.#blobs = blobs;
    this.partition = partition;
  }

  /** The state at the head; `known`: a copy at an earlier version, which is used up. */
  async load(known: StoredSubtask | null, token: TurnToken): Promise<LoadResult> {
    if (known !== null) {
      const caught = await this.#catchUp(known, token);
      if (caught !== null) return caught;
    }
    for (let tries = 0; tries < TRIES; tries += 1) {
      const newest = await this.#ledger.newest(this.partition, token);
      token.check();
      if (newest === null) return { kind: "missing" };
      const head = decodeEntry(newest.item);
      if (head.kind === "seal") return { kind: "sealed", next: head.next };
      const rows = await this.#rowsFrom(head.base, token);
      const loaded = await this.#build(rows, head.base, token);
      if (loaded !== null) return loaded;
    }
    throw this.#gap();
  }

  #gap(): StorageError {
    return new StorageError(`the ledger ${this.partition} cannot be read as a whole`, {
      code: "STORAGE_LEDGER_GAP",
      hint: "it is tried again; if it stays so, an entry or an object of it was deleted",
      retryable: true,
    });
  }

  /** What the ledger says, sealed or not; null: there is none. */
  async sections(token: TurnToken): Promise<Sections | null> {
    const newest = await this.#ledger.newest(this.partition, token);
    token.check();
    if (newest === null) return null;
    const { base } = decodeEntry(newest.item);
    const rows = await this.#rowsFrom(base, token);
    const loaded = await this.#build(
      rows.filter(({ entry }) => entry.kind !== "seal"),
      base,
      token,
    );
    if (loaded?.kind === "loaded") return loaded.stored.sections;
    throw this.#gap();
  }

  /** Entries with `version >= from`, contiguous up to the head. */
  async #rowsFrom(from: number, token: TurnToken): Promise<readonly Row[]> {
    const rows = await this.#itemsFrom(from, token);
    return rows.map(({ version, item }) => ({ version, entry: decodeEntry(item) }));
  }

  async #itemsFrom(from: number, token: TurnToken): Promise<readonly LedgerRow[]> {
    const rows: LedgerRow[] = [];
    let next = from;
    for (;;) {
      const page = await this.#ledger.read(this.partition, next, token);
      token.check();
      for (const row of page.rows) rows.push(row);
      if (!page.more) return rows;
      next = (rows.at(-1)?.version ?? next - 1) + 1;
    }
  }

  /** The entries from one version to another, both included, that are left. */
  async entries(from: number, to: number, token: TurnToken): Promise<readonly LedgerEntry[]> {
    const rows = await this.#rowsFrom(from, token);
    return rows.flatMap(({ version, entry }) => (version <= to ? [entry] : []));
  }

  async #catchUp(known: StoredSubtask, token: TurnToken): Promise<LoadResult | null> {
    const [first, ...rows] = await this.#itemsFrom(known.version, token);
    const same = first?.version === known.version && commitIdOf(first.item) === known.head.commitId;
    if (!same && !broken("warm-gap")) return null;
    if (rows.length === 0 && same) return { kind: "loaded", stored: known };
    const newer = rows.map(({ version, item }) => ({ version, entry: decodeEntry(item) }));
    if (!isContiguous(newer, known.version + 1) && !broken("warm-gap")) return null;
    if (newer.some(({ entry }) => entry.files !== null)) {
      return this.#build(newer, known.version + 1, token);
    }
    return this.#extend(known, newer, token);
  }

  /** From a base entry and what is behind it; null: something is missing, start over. */
  async #build(rows: readonly Row[], base: number, token: TurnToken): Promise<LoadResult | null> {
    const newestBase = rows.findLast(({ entry }) => entry.files !== null)?.version ?? base;
    const used = rows.filter(({ version }) => version >= newestBase);
    const [first, ...newer] = used;
    if (first === undefined || first.entry.files === null) return null;
    if (!isContiguous(used, newestBase)) return null;
    const delta = await this.#delta(first.entry.body, token);
    if (delta === null) return null;
    const sections = new Sections();
    sections.apply(decodeChanges(delta));
    const protocol = sections.single(PROTOCOL_SECTION);
    assert(protocol !== null, `LE3: ${this.partition} ${first.version} has a protocol state`);
    const atBase: StoredSubtask = {
      version: first.version,
      head: first.entry,
      sections,
      files: first.entry.files,
      entriesSinceBase: 0,
      base: first.version,
      protocol: decodeProtocolState(protocol),
    };
    return this.#extend(atBase, newer, token);
  }

  async #extend(
    from: StoredSubtask,
    newer: readonly Row[],
    token: TurnToken,
  ): Promise<LoadResult | null> {
    const { sections } = from;
    const sealed = newer.findIndex(({ entry }) => entry.kind === "seal");
    const turns = sealed < 0 ? newer : newer.slice(0, sealed);
    // At once: a container that has nothing would wait for one object after the other.
    const deltas = await Promise.all(turns.map(({ entry }) => this.#delta(entry.body, token)));
    for (const delta of deltas) {
      if (delta === null) return null;
      sections.apply(decodeChanges(delta));
    }
    const head = turns.at(-1) ?? { version: from.version, entry: from.head };
    const seal = newer[sealed]?.entry.next ?? 0;
    if (seal > 0) return { kind: "sealed", next: seal };
    const protocol = sections.single(PROTOCOL_SECTION);
    assert(protocol !== null, `LE3: ${this.partition} has a protocol state`);
    return {
      kind: "loaded",
      stored: {
        ...from,
        version: head.version,
        head: head.entry,
        entriesSinceBase: from.entriesSinceBase + newer.length,
        protocol: decodeProtocolState(protocol),
      },
    };
  }

  async #delta(body: EntryBody, token: TurnToken): Promise<Uint8Array | null> {
    const delta = await readDelta(this.#blobs, body);
    token.check();
    return delta;
  }

  /** The outbox of an entry; for who finishes a head (P3.2). */
  async outbox(body: EntryBody, token: TurnToken): Promise<Outbox> {
    if (body.kind === "inline") return decodeOutbox(body.outbox);
    const { key, deltaBytes, outboxBytes, outboxChecksum } = body;
    const bytes = await this.#blobs.get(key, { offset: deltaBytes, length: outboxBytes });
    token.check();
    if (bytes === null || crc32c(bytes, 0, bytes.length) !== outboxChecksum) throw objectLost(key);
    return decodeOutbox(bytes);
  }

  /** Keyed files that a unit is made from, each checked against its reference. */
  async files(
    refs: readonly KeyedFileRef[],
    token: TurnToken,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    const read = refs.map(async (ref) => [ref.key, await this.#file(ref, token)] as const);
    return new Map(await Promise.all(read));
  }

  async #file(ref: KeyedFileRef, token: TurnToken): Promise<Uint8Array> {
    const bytes = await this.#blobs.get(ref.key);
    token.check();
    if (bytes === null || bytes.length !== ref.bytes || murmur3(bytes) !== ref.checksum) {
      throw objectLost(ref.key);
    }
    return bytes;
  }
}

/** What an entry changed; null: its object is gone. */
export async function readDelta(blobs: BlobStore, body: EntryBody): Promise<Uint8Array | null> {
  if (body.kind === "inline") return body.delta;
  const { key, deltaBytes, deltaChecksum } = body;
  const bytes = await blobs.get(key, { offset: 0, length: deltaBytes });
  if (bytes !== null && crc32c(bytes, 0, bytes.length) !== deltaChecksum) throw objectLost(key);
  return bytes;
}

/** A trim may race with a read; then it starts over. */
const TRIES = 3;

function isContiguous(rows: readonly Row[], from: number): boolean {
  return rows.every(({ version }, index) => version === from + index);
}
