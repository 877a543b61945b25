import { assert } from "../assert.ts";
import type { CheckpointMetadata, KeyedFileRef } from "./snapshot.ts";

/** All keyed files that a checkpoint names. */
export function filesOf(metadata: CheckpointMetadata): readonly KeyedFileRef[] {
  return metadata.operators.flatMap(({ subtasks }) =>
    subtasks.flatMap(({ keyedFiles }) => keyedFiles),
  );
}

/** A savepoint names its files relative to its own folder, so that it can be moved and renamed. */
export function relativeTo(folder: string, metadata: CheckpointMetadata): CheckpointMetadata {
  return mapKeys(metadata, (key) => {
    assert(key.startsWith(`${folder}/`), `CS4: ${key} lies in its savepoint ${folder}`);
    return key.slice(folder.length + 1);
  });
}

/** What `relativeTo` gave, read from `folder`. */
export function absoluteFrom(folder: string, metadata: CheckpointMetadata): CheckpointMetadata {
  return mapKeys(metadata, (key) => `${folder}/${key}`);
}

function mapKeys(metadata: CheckpointMetadata, map: (key: string) => string): CheckpointMetadata {
  const operators = metadata.operators.map((operator) => ({
    ...operator,
    subtasks: operator.subtasks.map((subtask) => ({
      ...subtask,
      keyedFiles: subtask.keyedFiles.map((file) => ({ ...file, key: map(file.key) })),
    })),
  }));
  return { ...metadata, operators };
}
