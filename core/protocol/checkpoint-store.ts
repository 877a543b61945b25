import {
  type SubtaskAcknowledgement,
  assembleOperators,
} from "../checkpoint/assemble-operators.ts";
import type { Acknowledgement, CheckpointKind } from "../checkpoint/checkpoint-event.ts";
import { absoluteFrom, relativeTo } from "../checkpoint/file-references.ts";
import { decodeMetadata, encodeMetadata } from "../checkpoint/metadata-file.ts";
import type { CheckpointMetadata } from "../checkpoint/snapshot.ts";
import { RestoreError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
import type { BlobStore } from "../ports/index.ts";
import { broken } from "./canaries.ts";
import type { CompletedCheckpoint } from "./completed-checkpoints.ts";
import { savepointFolderOf } from "./object-keys.ts";

const METADATA = "_metadata";

export interface CheckpointStoreOptions {
  readonly plan: Plan;
  readonly blobs: BlobStore;
  readonly runId: string;
  readonly generation: number;
  readonly codeHash: string;
}

/** Everything that the subtasks of a job have acknowledged a checkpoint with. */
export interface AcknowledgedCheckpoint {
  readonly checkpoint: number;
  readonly type: CheckpointKind;
  readonly triggeredAt: number;
  readonly completedAt: number;
  readonly acknowledgements: readonly Acknowledgement<SubtaskAcknowledgement>[];
  /** States of the sources' enumerators by uid. */
  readonly coordinators: ReadonlyMap<string, unknown>;
}

/** A checkpoint whose `_metadata` is durable. */
export interface StoredCheckpoint extends CompletedCheckpoint {
  /** Where people find it; a savepoint's files lie there too. */
  readonly folder: string;
  /** Of a savepoint: the name that its metadata gets when it is complete. */
  readonly publicKey: string;
}

/**
 * Writes `_metadata` of the checkpoints of a generation:
 *
 *     <job>/checkpoints/chk-<n>-<commit id>/_metadata
 *     <job>/savepoints/savepoint-<n>-<run>/_metadata-<commit id>
 *     <job>/savepoints/savepoint-<n>-<run>/_metadata               once it is complete
 *
 *   MS1  what is written has the commit id in its name: the object of a turn that lost its race is
 *        nobody's (H15)
 *   MS2  a savepoint names its files relative to its folder, so it can be moved as a whole
 */
export class CheckpointStore {
  readonly #options: CheckpointStoreOptions;

  constructor(options: CheckpointStoreOptions) {
    this.#options = options;
  }

  async store(acknowledged: AcknowledgedCheckpoint, commitId: string): Promise<StoredCheckpoint> {
    const { checkpoint, type } = acknowledged;
    const metadata = this.#metadata(acknowledged);
    const { job } = this.#options.plan;
    if (type === "savepoint") {
      const folder = this.savepointFolder(checkpoint);
      const publicKey = `${folder}/${METADATA}`;
      const metadataKey = `${publicKey}-${commitId}`;
      await this.#put(metadataKey, relativeTo(folder, metadata));
      return { checkpoint, kind: type, metadataKey, folder, publicKey };
    }
    const name = broken("snapshot-by-checkpoint") ? `${checkpoint}` : `${checkpoint}-${commitId}`;
    const folder = `${job}/checkpoints/chk-${name}`;
    const metadataKey = `${folder}/${METADATA}`;
    await this.#put(metadataKey, metadata);
    return { checkpoint, kind: type, metadataKey, folder, publicKey: metadataKey };
  }

  savepointFolder(checkpoint: number): string {
    const { plan, runId } = this.#options;
    return savepointFolderOf(plan.job, checkpoint, runId);
  }

  async #put(key: string, metadata: CheckpointMetadata): Promise<void> {
    await this.#options.blobs.put(key, encodeMetadata(metadata));
  }

  #metadata(acknowledged: AcknowledgedCheckpoint): CheckpointMetadata {
    const { plan, runId, generation, codeHash } = this.#options;
    const { checkpoint, type, triggeredAt, completedAt, coordinators } = acknowledged;
    const snapshots = acknowledged.acknowledgements.map(({ snapshot }) => snapshot);
    return {
      job: plan.job,
      runId,
      checkpoint,
      kind: type,
      triggeredAt,
      completedAt,
      generation,
      planHash: plan.planHash,
      codeHash,
      operators: assembleOperators(plan.streamGraph.operators, snapshots, coordinators),
    };
  }
}

/**
 * The metadata at a key that `CheckpointStore` gave, or that of a savepoint; its files by full key.
 *
 * `missing`: the error if nothing is there, which is another one for a key that the user has named
 * than for one that a ledger or a listing has (`objectLost`).
 */
export async function loadCheckpoint(
  blobs: BlobStore,
  metadataKey: string,
  missing: (key: string) => Error = noCheckpoint,
): Promise<CheckpointMetadata> {
  const bytes = await blobs.get(metadataKey);
  if (bytes === null) throw missing(metadataKey);
  const metadata = decodeMetadata(bytes);
  const folder = metadataKey.slice(0, metadataKey.lastIndexOf("/"));
  return metadata.kind === "savepoint" ? absoluteFrom(folder, metadata) : metadata;
}

function noCheckpoint(key: string): RestoreError {
  return new RestoreError(`there is no checkpoint at ${key}`, {
    code: "RESTORE_NO_CHECKPOINT",
    hint: "restore from another checkpoint or savepoint",
  });
}
