import type { KeyedFileRef } from "../checkpoint/snapshot.ts";
import type { LiveKeyedState } from "../runtime/task-environment.ts";
import { broken } from "./canaries.ts";
import type { KeyedBase } from "./ledger-entry.ts";

/**
 * The keyed state of a unit whose version is behind the head: another container has made turns since.
 * The unit itself is made anew, because what an operator keeps beside state cannot be brought forward;
 * its tables can, with what those turns have written (P3.1).
 */
export interface CarriedState {
  readonly uid: string;
  readonly live: LiveKeyedState;
  /** The files at its version. */
  readonly files: KeyedBase;
  /** How many segments lay behind them. */
  readonly segments: number;
}

/** Carried state, and what was written since its version. */
export interface SinceCarried {
  readonly uid: string;
  readonly live: LiveKeyedState;
  /** To be read; none if only segments came. */
  readonly files: readonly KeyedFileRef[];
  /** How many of the segments at the head are in the carried state already. */
  readonly segments: number;
}

/**
 * Null: not all that was written since is there to be read. The state was written as a whole, which
 * does not say what was deleted before, or files between those it had and those there are may be gone.
 */
export function sinceCarried(
  { uid, live, files: before, segments }: CarriedState,
  files: readonly KeyedBase[],
): SinceCarried | null {
  const { own, restored } = files.find((each) => each.uid === uid) ?? NO_FILES;
  const last = before.own.at(-1)?.key;
  const at = last === undefined ? -1 : own.findIndex(({ key }) => key === last);
  const added = own.slice(at + 1);
  // Without the file they follow nobody knows how many there were: those in between may be gone.
  const follows = last === undefined ? added.length === 0 : at >= 0;
  if (!follows || restored.length !== before.restored.length) return null;
  const had = broken("carried-misses-segment") ? segments + 1 : segments;
  if (added.length === 0) return { uid, live, files: [], segments: had };
  // The first of them has the segments that were there before, too; once more is harmless.
  if (added.some(({ kind }) => kind === "base")) return null;
  return { uid, live, files: added, segments: 0 };
}

const NO_FILES: Pick<KeyedBase, "own" | "restored"> = { own: [], restored: [] };
