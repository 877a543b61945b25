import type { StateSpec } from "../plan/plan.ts";
import type { OperatorStateSnapshot } from "../state/index.ts";
import type { CheckpointKind } from "./checkpoint-event.ts";

export type { OperatorStateSnapshot } from "../state/index.ts";

/** Part of one operator's snapshot in one subtask, as it leaves the turn. */
export interface OperatorSnapshot {
  readonly uid: string;
  /** Keyed state as one file (base or segment, `state/keyed-file.ts`); null: nothing keyed, or nothing changed. */
  readonly keyed: KeyedPart | null;
  /** List, union and broadcast state, split positions, committables: a value of the codec. */
  readonly operatorState: OperatorStateSnapshot;
}

export interface KeyedPart {
  /** `base` replaces all files before it, `segment` comes on top of them. */
  readonly kind: "base" | "segment";
  readonly bytes: Uint8Array;
}

/** One subtask's part of a checkpoint. */
export interface SubtaskSnapshot {
  readonly vertex: string;
  readonly subtask: number;
  readonly operators: readonly OperatorSnapshot[];
}

/** A keyed state file of a checkpoint in storage. */
export interface KeyedFileRef {
  /** Below the storage's prefix; in a stored savepoint below the savepoint's own folder. */
  readonly key: string;
  readonly kind: "base" | "segment";
  readonly bytes: number;
  /** murmur3 of the whole file (a CRC of bytes that end with their own CRC says nothing). */
  readonly checksum: number;
  /** Of a segment that rewrites some key groups: which ones, and the bytes of that part. */
  readonly whole?: WrittenWhole;
}

/** Key groups that a file has every row of, both ends included. */
export interface WrittenWhole {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

export interface SubtaskState {
  /**
   * In order: a base, then segments; or segments that together rewrite every key group. Empty when
   * the operator has no keyed state.
   */
  readonly keyedFiles: readonly KeyedFileRef[];
  readonly operatorState: OperatorStateSnapshot;
}

export interface OperatorStateEntry {
  readonly uid: string;
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly states: readonly StateSpec[];
  /** By subtask. */
  readonly subtasks: readonly SubtaskState[];
  /** State of the operator's coordinator: a source's enumerator, else null. */
  readonly coordinator: { readonly state: unknown } | null;
}

/** What `_metadata` of a checkpoint or savepoint says. Persisted: format version in the frame (L6). */
export interface CheckpointMetadata {
  readonly job: string;
  /** The same for all attempts and restarts of a run. */
  readonly runId: string;
  readonly checkpoint: number;
  readonly kind: CheckpointKind;
  /** Milliseconds since the epoch. */
  readonly triggeredAt: number;
  readonly completedAt: number;
  readonly generation: number;
  readonly planHash: string;
  readonly codeHash: string;
  readonly operators: readonly OperatorStateEntry[];
}
