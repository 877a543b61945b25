import {
  type CheckpointMetadata,
  type KeyedFileRef,
  type OperatorStateEntry,
  type OperatorStateSnapshot,
  type SubtaskState,
} from "../../../core/checkpoint/index.ts";

export const NO_OPERATOR_STATE: OperatorStateSnapshot = { lists: {}, unions: {}, broadcasts: {} };

export function fileRef(key: string, bytes = 10): KeyedFileRef {
  return { key, kind: key.endsWith(".segment") ? "segment" : "base", bytes, checksum: 0 };
}

export function subtaskState(
  keyedFiles: readonly KeyedFileRef[],
  operatorState: Partial<OperatorStateSnapshot> = {},
): SubtaskState {
  return { keyedFiles, operatorState: { ...NO_OPERATOR_STATE, ...operatorState } };
}

export function operatorEntry(
  uid: string,
  subtasks: readonly SubtaskState[],
  rest: Partial<OperatorStateEntry> = {},
): OperatorStateEntry {
  const parallelism = subtasks.length;
  const entry = { uid, name: uid, parallelism, maxParallelism: 128, states: [], subtasks };
  return { ...entry, coordinator: null, ...rest };
}

export function metadataOf(
  checkpoint: number,
  operators: readonly OperatorStateEntry[],
  rest: Partial<CheckpointMetadata> = {},
): CheckpointMetadata {
  return {
    job: "flights",
    runId: "1a2b3c4d",
    checkpoint,
    kind: "checkpoint",
    triggeredAt: 1_000,
    completedAt: 1_010,
    generation: 1,
    planHash: "plan",
    codeHash: "code",
    operators,
    ...rest,
  };
}
