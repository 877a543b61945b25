import type { KeyedFileRef } from "../checkpoint/snapshot.ts";
import { limits } from "../limits.ts";
import { murmur3 } from "../record/index.ts";
import type { ChainedOperator } from "../runtime/operator-chain.ts";
import { type KeyedStateBackend, packKeyedFiles } from "../state/index.ts";
import { type Address, partitionOf } from "./address.ts";
import { broken } from "./canaries.ts";
import type { KeyedBase } from "./ledger-entry.ts";
import type { SectionChange, Sections } from "./sections.ts";

/** Files on top of a base from which on a new base is written. */
const FILES_MAX = 32;

export interface WrittenFile {
  readonly ref: KeyedFileRef;
  readonly bytes: Uint8Array;
}

/** Keyed state at a base entry, and the files that are new with it. */
export interface KeyedSnapshot {
  readonly files: readonly KeyedBase[];
  readonly objects: readonly WrittenFile[];
  /** Uids whose segments are in the files now, and no longer in entries. */
  readonly written: readonly string[];
}

export interface KeyedFilesOptions {
  readonly job: string;
  readonly generation: number;
  readonly address: Address;
  /** Bytes of state that one turn rewrites, about. */
  readonly rewriteBytesMax: number;
}

/** Both ends included. */
interface KeyGroups {
  readonly first: number;
  readonly last: number;
}

/**
 * The keyed state of a task between ledger and blob store: each turn's changes are a segment in its
 * entry; now and then the segments since the last file become a file, or everything becomes one.
 *
 *   KF1  own files are a base and packs of segments on top, in the order of turns; without a base
 *        only what a restore gave lies below them
 *   KF2  a new base is written when the files on top outweigh it, so that all that is ever written
 *        is at most about twice what changed; and always first after a restore
 *        Until they are worth a file, and no checkpoint names them, the segments stay in the entries
 *   KF3  every key holds the commit id: a loser's file is nobody's (H15)
 *   KF4  state that is too large for one turn is rewritten key group by key group: each pack ends
 *        with the next ones, and what lies below the oldest of these goes
 */
export class KeyedFiles {
  readonly #options: KeyedFilesOptions;
  #bases: readonly KeyedBase[];

  constructor(options: KeyedFilesOptions, bases: readonly KeyedBase[]) {
    this.#options = options;
    this.#bases = bases;
  }

  /** The section that holds the segments of an operator since its last file. */
  static section(uid: string): string {
    return `keyed:${uid}`;
  }

  /** The files of an operator at the last base entry. */
  of(uid: string): KeyedBase {
    return this.#bases.find((each) => each.uid === uid) ?? { uid, restored: [], own: [] };
  }

  /** All bytes in files. */
  get bytes(): number {
    const files = this.#bases.flatMap(({ restored, own }) => [...restored.flat(), ...own]);
    return files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether so much has changed since the last base entry that one is due. */
  isDue(sections: Sections, entries: number): boolean {
    if (entries >= limits.snapshotEntriesMax) return true;
    return sections.bytes > limits.snapshotBytesMax && entries > 1;
  }

  /** What a turn changed, as appended segments. */
  static changes(
    segments: readonly { readonly uid: string; readonly bytes: Uint8Array }[],
  ): readonly SectionChange[] {
    return segments.map(({ uid, bytes }) => ({
      name: KeyedFiles.section(uid),
      mode: "append" as const,
      bytes,
    }));
  }

  /** Files for a base entry at `version`; `segments` by uid: all since the last file, this turn's too. */
  snapshot(
    operators: readonly ChainedOperator[],
    segments: (uid: string) => readonly Uint8Array[],
    version: number,
    commitId: string,
    checkpoint: number,
  ): KeyedSnapshot {
    const files: KeyedBase[] = [];
    const objects: WrittenFile[] = [];
    const written: string[] = [];
    const id = broken("snapshot-by-checkpoint") && checkpoint > 0 ? `c${checkpoint}` : commitId;
    for (const { node, state } of operators) {
      if (state === null) continue;
      const { uid } = node;
      const before = this.of(uid);
      const since = segments(uid);
      const changed = bytesOf(since);
      if (checkpoint === 0 && changed < limits.entrySegmentBytesMax) {
        files.push(before);
        continue;
      }
      written.push(uid);
      if (this.#rolls(before, since)) {
        files.push(this.#roll(uid, state, before, since, version, id, objects));
      } else if (this.#needsBase(before, since)) {
        const bytes = state.snapshotFull();
        const file = { ref: this.#ref(uid, "base", version, id, bytes), bytes };
        files.push({ uid, restored: [], own: [file.ref] });
        objects.push(file);
      } else if (since.length > 0) {
        const bytes = packKeyedFiles(since);
        const file = { ref: this.#ref(uid, "segment", version, id, bytes), bytes };
        files.push({ ...before, own: [...before.own, file.ref] });
        objects.push(file);
      } else files.push(before);
    }
    return { files, objects, written };
  }

  /** The whole state as files of a savepoint, below its own folder. */
  savepoint(
    operators: readonly ChainedOperator[],
    folder: string,
    commitId: string,
  ): ReadonlyMap<string, WrittenFile> {
    const { subtask } = this.#options.address;
    const written = new Map<string, WrittenFile>();
    for (const { node, state } of operators) {
      if (state === null) continue;
      const bytes = state.snapshotFull();
      const key = `${folder}/${node.uid}-${subtask}-${commitId}.base`;
      const ref = { key, kind: "base", bytes: bytes.length, checksum: murmur3(bytes) } as const;
      written.set(node.uid, { ref, bytes });
    }
    return written;
  }

  /** The files are those of a committed base entry now. */
  committed(files: readonly KeyedBase[]): void {
    this.#bases = files;
  }

  /** Whether it is too large for a base in one turn (KF4). */
  #rolls({ restored, own }: KeyedBase, since: readonly Uint8Array[]): boolean {
    if (restored.length > 0 || since.length === 0) return false;
    return stateBytes(own) > this.#options.rewriteBytesMax;
  }

  /** A pack of the segments with the key groups whose turn it is, on top of what still counts. */
  #roll(
    uid: string,
    state: KeyedStateBackend,
    before: KeyedBase,
    since: readonly Uint8Array[],
    version: number,
    id: string,
    objects: WrittenFile[],
  ): KeyedBase {
    const { first, last } = this.#nextGroups(before.own, since, state.keyGroups);
    const part = state.snapshotWhole(first, last);
    const bytes = packKeyedFiles([...since, part]);
    const whole = { first, last, bytes: part.length };
    const ref = { ...this.#ref(uid, "segment", version, id, bytes), whole };
    objects.push({ ref, bytes });
    return { ...before, own: stillCounting([...before.own, ref], state.keyGroups) };
  }

  /**
   * Behind those that were written last, round and round. As much as has changed, so that the files
   * hold at most about twice the state; more when that would make too many files.
   */
  #nextGroups(
    own: readonly KeyedFileRef[],
    since: readonly Uint8Array[],
    owned: KeyGroups,
  ): KeyGroups {
    const added = bytesOf(since);
    const state = stateBytes(own);
    const wanted = Math.min(Math.max(added, state / FILES_MAX), this.#options.rewriteBytesMax);
    const groups = owned.last - owned.first + 1;
    const count = Math.max(1, Math.ceil((wanted / state) * groups));
    const previous = own.findLast(({ whole }) => whole !== undefined)?.whole?.last ?? owned.last;
    const first = previous >= owned.last ? owned.first : previous + 1;
    return { first, last: Math.min(owned.last, first + count - 1) };
  }

  #needsBase({ restored, own }: KeyedBase, since: readonly Uint8Array[]): boolean {
    if (restored.length > 0) return true;
    const [base, ...packs] = own;
    if (base === undefined) return since.length > 0;
    if (since.length === 0) return false;
    const packed = packs.reduce((sum, { bytes }) => sum + bytes, 0);
    const added = bytesOf(since);
    return packed + added > base.bytes || packs.length >= FILES_MAX;
  }

  #ref(
    uid: string,
    kind: "base" | "segment",
    version: number,
    id: string,
    bytes: Uint8Array,
  ): KeyedFileRef {
    const { job, generation, address } = this.#options;
    const folder = partitionOf(job, generation, address);
    const name = broken("snapshot-by-checkpoint") && id.startsWith("c") ? id : `${version}-${id}`;
    const key = `${folder}/${name}-${uid}.${kind}`;
    return { key, kind, bytes: bytes.length, checksum: murmur3(bytes) };
  }
}

function bytesOf(segments: readonly Uint8Array[]): number {
  return segments.reduce((sum, { length }) => sum + length, 0);
}

/** About how large the state is that the files hold: of what was written whole, what counts. */
function stateBytes(own: readonly KeyedFileRef[]): number {
  const [base] = own;
  if (base === undefined) return 0;
  const wholes = own.flatMap(({ whole }) => (whole === undefined ? [] : [whole]));
  const parts = wholes.reduce((sum, { bytes }) => sum + bytes, 0);
  return base.kind === "base" ? Math.max(base.bytes, parts) : parts;
}

/** Without the files below all that is needed: of every key group something is written whole above them. */
function stillCounting(
  own: readonly KeyedFileRef[],
  { first, last }: KeyGroups,
): readonly KeyedFileRef[] {
  let oldest = own.length;
  for (let group = first; group <= last; group += 1) {
    const place = own.findLastIndex(
      ({ kind, whole }) =>
        kind === "base" || (whole !== undefined && group >= whole.first && group <= whole.last),
    );
    oldest = Math.min(oldest, place);
  }
  return own.slice(Math.max(0, oldest));
}
