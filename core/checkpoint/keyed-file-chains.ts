import { assert } from "../assert.ts";
import type { KeyedFileRef } from "./snapshot.ts";

/** Segments of one chain; more are read slowly, so a new base is due. */
const SEGMENTS_MAX = 16;

interface Chain {
  files: readonly KeyedFileRef[];
  segmentBytes: number;
}

/**
 * Which files make up the keyed state of each operator subtask: a base and segments on top.
 *
 *   KC1  a chain begins with a base; only segments follow
 *   KC2  files are appended in the order of the subtask's cuts
 *   KC3  a file of an aborted checkpoint stays: it holds what changed since the cut before
 *   KC4  a lost file ends its chain: the next snapshot is a base
 */
export class KeyedFileChains {
  readonly #chains = new Map<string, Chain>();

  /** Whether the next snapshot must hold the whole state: the segments outweigh the base. */
  needsBase(uid: string, subtask: number): boolean {
    const chain = this.#chains.get(chainName(uid, subtask));
    const base = chain?.files[0];
    if (chain === undefined || base === undefined) return true;
    return chain.segmentBytes > base.bytes || chain.files.length > SEGMENTS_MAX;
  }

  /** Takes in the file of a cut (KC2), null when nothing changed; gives the whole chain. */
  append(uid: string, subtask: number, file: KeyedFileRef | null): readonly KeyedFileRef[] {
    const name = chainName(uid, subtask);
    const chain = this.#chains.get(name);
    if (file === null) return chain?.files ?? [];
    if (file.kind === "base") {
      const files = [file];
      this.#chains.set(name, { files, segmentBytes: 0 });
      return files;
    }
    assert(chain !== undefined, `KC1: a segment of ${name} has a base below it`);
    chain.files = [...chain.files, file];
    chain.segmentBytes += file.bytes;
    return chain.files;
  }

  /**
   * Goes on with the files of a checkpoint that was restored with the same key groups: only those
   * of this storage, never a savepoint's, which the user may delete.
   */
  continue(uid: string, subtask: number, files: readonly KeyedFileRef[]): void {
    const [base, ...segments] = files;
    if (base === undefined) return;
    assert(base.kind === "base", `KC1: ${base.key} begins the chain of ${chainName(uid, subtask)}`);
    const segmentBytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#chains.set(chainName(uid, subtask), { files, segmentBytes });
  }

  /** The file was not written, or went to a savepoint, which is no part of the chain (KC4). */
  reset(uid: string, subtask: number): void {
    this.#chains.delete(chainName(uid, subtask));
  }
}

function chainName(uid: string, subtask: number): string {
  return `${uid}[${subtask}]`;
}
