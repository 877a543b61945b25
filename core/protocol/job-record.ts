import { StorageError } from "../errors.ts";
import type { CallScope, RecordStore } from "../ports/index.ts";
import { fromBytes, toBytes } from "../record/index.ts";

export type JobPhase =
  "sealing" | "starting" | "running" | "stopping" | "stopped" | "finished" | "failed" | "cancelled";

/** Where a generation's state came from. */
export interface GenerationSource {
  /** The generation it follows; 0: none, the job started afresh or from a savepoint elsewhere. */
  readonly generation: number;
  /** The key of the `_metadata` that it starts from; null: from nothing. */
  readonly metadata: string | null;
  readonly checkpoint: number;
}

/**
 * What a start wants. `fresh`: a new run, from nothing. `latest`: the same run, from its latest
 * completed checkpoint. A key: from the `_metadata` of a checkpoint or savepoint in the blob store; a
 * new run, unless the checkpoint is one of the run itself.
 */
export type StartFrom = "fresh" | "latest" | { readonly metadataKey: string };

/** Subtasks by vertex. */
export type Parallelism = Readonly<Record<string, number>>;

/** The generation record of a job (P9): one item, changed by compare-and-set. */
export interface JobRecord {
  readonly job: string;
  /** The same over all generations of a run. 8 hex digits. */
  readonly runId: string;
  readonly generation: number;
  readonly phase: JobPhase;
  /** Names one restore over all tries of its steps. */
  readonly restoreId: string;
  readonly source: GenerationSource | null;
  /** What the start wants, so that whoever finds it in its middle wants the same. */
  readonly from: StartFrom;
  /** The last generation that has run, while this one does not yet; null: there is none. */
  readonly before: { readonly generation: number; readonly parallelism: Parallelism } | null;
  readonly planHash: string;
  readonly codeHash: string;
  readonly parallelism: Parallelism;
  /** Why the job is FAILED; `resume` goes on from the heads. */
  readonly failure: { readonly message: string; readonly at: string } | null;
  /** What a finished or stopped job ended with: accumulators, the last checkpoint. */
  readonly result: unknown;
}

export interface VersionedJobRecord {
  readonly revision: number;
  readonly record: JobRecord;
}

export function jobRecordKey(job: string): string {
  return `${job}/generation`;
}

export async function readJobRecord(
  records: RecordStore,
  job: string,
  scope: CallScope,
): Promise<VersionedJobRecord | null> {
  const stored = await records.get(jobRecordKey(job), scope);
  if (stored === null) return null;
  const record = fromBytes(stored.bytes);
  if (!isJobRecord(record)) {
    throw new StorageError(`the record of job ${job} cannot be read`, {
      code: "STORAGE_JOB_RECORD",
      hint: "something else wrote it; give the job another name",
    });
  }
  return { revision: stored.revision, record };
}

/** False: somebody else changed it since `revision`. */
export function writeJobRecord(
  records: RecordStore,
  record: JobRecord,
  revision: number,
  scope: CallScope,
): Promise<boolean> {
  return records.put(jobRecordKey(record.job), toBytes(record), revision, scope);
}

function isJobRecord(value: unknown): value is JobRecord {
  if (typeof value !== "object" || value === null) return false;
  const { job, generation, phase } = value as Partial<JobRecord>;
  return typeof job === "string" && Number.isSafeInteger(generation) && typeof phase === "string";
}
