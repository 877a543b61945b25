import { assert } from "../assert.ts";
import { murmur3 } from "../record/index.ts";
import type { CheckpointKind } from "./checkpoint-event.ts";
import type { KeyedFileRef, KeyedPart } from "./snapshot.ts";

/** Where a keyed state file comes from; together this names it, so no file is written twice. */
export interface KeyedFileName {
  readonly runId: string;
  readonly checkpoint: number;
  readonly type: CheckpointKind;
  readonly uid: string;
  readonly subtask: number;
  /** Differs between attempts, also between those of different processes, e.g. 8 random hex digits. */
  readonly suffix: string;
}

const SHARED = "shared/";
const SHARED_NAME = /^shared\/(\d+)-/;

/** Prefix of all keyed files that checkpoints share. */
export const sharedPrefix: string = SHARED;

/** `chk-7` */
export function checkpointFolder(checkpoint: number): string {
  return `chk-${checkpoint}`;
}

/** `savepoint-7-1a2b3c4d` */
export function savepointFolder(checkpoint: number, runId: string): string {
  return `savepoint-${checkpoint}-${runId}`;
}

/**
 * The reference to a part that is going to be written. Its key and checksum are known before the
 * write, so that the order of a subtask's files is the order of its cuts.
 */
export function keyedFileRef(name: KeyedFileName, part: KeyedPart): KeyedFileRef {
  const { runId, checkpoint, type, uid, subtask, suffix } = name;
  assert(type === "checkpoint" || part.kind === "base", "a savepoint is self-contained");
  const key =
    type === "savepoint"
      ? `${savepointFolder(checkpoint, runId)}/${uid}-${subtask}-${suffix}.${part.kind}`
      : `${SHARED}${checkpoint}-${runId}-${uid}-${subtask}-${suffix}.${part.kind}`;
  const { bytes } = part;
  return { key, kind: part.kind, bytes: bytes.length, checksum: murmur3(bytes) };
}

/** The checkpoint that a shared file was written for; null: not one of our files. */
export function checkpointOfSharedFile(key: string): number | null {
  const match = SHARED_NAME.exec(key);
  return match === null ? null : Number(match[1]);
}
