import type { CheckpointMetadata } from "../checkpoint/snapshot.ts";
import { DataError, LimitError } from "../errors.ts";
import type { BlobStore } from "../ports/index.ts";
import { COMMITTABLES } from "../runtime/sink-operator.ts";
import { loadCheckpoint } from "./checkpoint-store.ts";
import { objectLost } from "./object-lost.ts";

const METADATA = "/_metadata";

/**
 * What the savepoints of a run hold pre-committed for its sinks, by uid: a start of the run neither
 * publishes nor deletes it, so that each of them can be restored later.
 */
export async function savedOutput(
  blobs: BlobStore,
  job: string,
  runId: string,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const saved = new Map<string, unknown[]>();
  for (const { key } of await blobs.list(`${job}/savepoints/`)) {
    if (!key.endsWith(METADATA)) continue;
    const metadata = await readable(blobs, key);
    if (metadata?.runId === runId) addCommittables(metadata, saved);
  }
  return saved;
}

/** Null: it is damaged, so nobody can be restored from it. */
async function readable(blobs: BlobStore, key: string): Promise<CheckpointMetadata | null> {
  try {
    return await loadCheckpoint(blobs, key, objectLost);
  } catch (error) {
    if (error instanceof DataError || error instanceof LimitError) return null;
    throw error;
  }
}

function addCommittables({ operators }: CheckpointMetadata, to: Map<string, unknown[]>): void {
  for (const { uid, subtasks } of operators) {
    const committables = subtasks
      .flatMap(({ operatorState }) => operatorState.lists[COMMITTABLES] ?? [])
      .flatMap((epoch) => (epoch as { readonly committables: readonly unknown[] }).committables);
    if (committables.length > 0) to.set(uid, [...(to.get(uid) ?? []), ...committables]);
  }
}
