import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CheckpointStorage, type RunRecord } from "../../core/checkpoint/index.ts";
import { RestoreError } from "../../core/errors.ts";
import type { BlobStore } from "../../core/ports/index.ts";
import { CheckpointLock } from "./checkpoint-lock.ts";
import { FileBlobStore } from "./file-blob-store.ts";
import { refuseOtherHost } from "./host-of-directory.ts";
import type { RestoreSource } from "./job-checkpoints.ts";
import { MemoryBlobStore } from "../memory/memory-blob-store.ts";

export interface JobRunOptions {
  readonly job: string;
  readonly planHash: string;
  /** Null: checkpoints are kept in memory and end with the process. */
  readonly directory: string | null;
  /**
   * `latest`: the latest checkpoint of the directory; `fresh`: from the beginning; a name in the
   * directory (`chk-7`) or the path of a checkpoint or savepoint elsewhere. Null: the latest
   * checkpoint of a run that has not finished, else from the beginning.
   */
  readonly from: string | null;
  readonly notice: (line: string) => void;
}

/**
 * A run of a job: from a fresh start, over restarts of the process, to its end. It owns the
 * checkpoint directory while it is open.
 *
 *   JR1  a directory belongs to one job and, while open, to one process
 *   JR2  a run goes on from its own checkpoints only; until it has one, from where it was started
 *   JR3  a run that is set back to one of its older checkpoints stays the same run, so that its
 *        sinks find what they published since; its newer checkpoints do not count any more
 */
export class JobRun {
  readonly runId: string;
  readonly storage: CheckpointStorage;
  /** The checkpoint this run starts from; null: from the beginning. */
  readonly origin: RestoreSource | null;
  readonly #options: JobRunOptions;
  readonly #lock: CheckpointLock | null;
  readonly #start: Start;
  #next = 0;

  private constructor(
    options: JobRunOptions,
    storage: CheckpointStorage,
    lock: CheckpointLock | null,
    start: Start,
  ) {
    this.#options = options;
    this.storage = storage;
    this.#lock = lock;
    this.#start = start;
    this.runId = start.runId;
    this.origin = start.origin;
  }

  static async open(options: JobRunOptions): Promise<JobRun> {
    const { directory } = options;
    if (directory !== null) refuseOtherHost(directory, "embedded");
    const files = directory === null ? null : await FileBlobStore.open(directory);
    const blobs: BlobStore = files ?? new MemoryBlobStore();
    const lock = directory === null ? null : await CheckpointLock.acquire(directory);
    try {
      await files?.removeTemporary();
      const location = directory ?? "memory";
      const storage = new CheckpointStorage({ blobs, location });
      const start = await chooseStart(options, storage);
      const run = new JobRun(options, storage, lock, start);
      await run.#record("running");
      await storage.sweep();
      return run;
    } catch (error) {
      await lock?.release();
      throw error;
    }
  }

  /** The newest checkpoint of this run, or its origin (JR2). */
  async latest(): Promise<RestoreSource | null> {
    const { metadata, skipped } = await this.storage.latest(this.runId);
    for (const reason of skipped) this.#options.notice(`skipped a checkpoint: ${reason}`);
    if (metadata === null || metadata.checkpoint < this.#start.since) return this.origin;
    return { metadata, storage: this.storage };
  }

  /** A checkpoint number that nothing in the storage has. */
  async nextCheckpoint(): Promise<number> {
    this.#next = Math.max(this.#next, (await this.storage.lastNumber()) + 1);
    const restored = this.origin?.metadata.checkpoint ?? 0;
    return Math.max(this.#next, restored + 1);
  }

  /** Numbers below `next` are used up. */
  reserve(next: number): void {
    this.#next = Math.max(this.#next, next);
  }

  savepointPath(checkpoint: number): string {
    return join(this.storage.location, `savepoint-${checkpoint}-${this.runId}`);
  }

  /** Ends the run, or leaves it to be continued, and gives the directory back. */
  async close(ending: "finished" | "stopped" | "cancelled" | "failed"): Promise<void> {
    try {
      if (ending === "finished" || ending === "cancelled") await this.#record(ending);
    } finally {
      await this.#lock?.release();
    }
  }

  async #record(status: "running" | "finished" | "cancelled"): Promise<void> {
    const { job, planHash } = this.#options;
    const { runId, startedFrom, since } = this.#start;
    await this.storage.writeRun({ job, runId, status, planHash, startedFrom, since });
  }
}

/** How a run begins; `startedFrom` and `since` as in its record. */
interface Start {
  readonly runId: string;
  readonly origin: RestoreSource | null;
  readonly startedFrom: string | null;
  readonly since: number;
}

async function chooseStart(options: JobRunOptions, storage: CheckpointStorage): Promise<Start> {
  const { job, from, notice } = options;
  const before = await storage.readRunOf(job);
  if (from === "fresh") {
    if (before?.status === "running") {
      notice(
        `starting afresh: the unfinished run ${before.runId} in ${storage.location} is left behind`,
      );
    } else if (before !== null) notice(`starting afresh: run ${before.runId} is ${before.status}`);
    return freshStart();
  }
  if (from !== null && from !== "latest") return startFrom(from, storage, before);
  if (before === null) {
    if (from === null) return freshStart();
    throw await nothingToRestore(storage);
  }
  if (from === null && before.status !== "running") {
    notice(`starting afresh: run ${before.runId} in ${storage.location} is ${before.status}`);
    return freshStart();
  }
  if (before.planHash !== options.planHash) notice(CHANGED);
  return continueRun(before, from === "latest", storage, notice);
}

const CHANGED =
  "the job is not quite the one that this run began with (params, settings or operators differ); " +
  "what the sources had begun to read is read to its end as it was, --fresh begins anew";

function freshStart(): Start {
  return { runId: randomBytes(4).toString("hex"), origin: null, startedFrom: null, since: 0 };
}

/** From a checkpoint that the user chose; one of the same run here sets the run back (JR3). */
async function startFrom(
  from: string,
  storage: CheckpointStorage,
  before: RunRecord | null,
): Promise<Start> {
  const origin = await loadFrom(from, storage);
  const setBack = origin.storage === storage && origin.metadata.runId === before?.runId;
  const { runId } = setBack ? origin.metadata : freshStart();
  const since = (await storage.lastNumber()) + 1;
  return { runId, origin, startedFrom: checkpointPath(origin), since };
}

async function continueRun(
  before: RunRecord,
  mustHaveCheckpoint: boolean,
  storage: CheckpointStorage,
  notice: (line: string) => void,
): Promise<Start> {
  const { runId, startedFrom, since } = before;
  const { metadata, skipped } = await storage.latest(runId);
  for (const reason of skipped) notice(`skipped a checkpoint: ${reason}`);
  if (metadata !== null && metadata.checkpoint >= since) {
    notice(`continuing run ${runId} from checkpoint ${metadata.checkpoint}`);
    return { runId, origin: { metadata, storage }, startedFrom, since };
  }
  if (startedFrom !== null) {
    notice(`continuing run ${runId}, which has no checkpoint yet, from ${startedFrom}`);
    return { runId, origin: await loadFrom(startedFrom, storage), startedFrom, since };
  }
  if (mustHaveCheckpoint) throw await nothingToRestore(storage);
  notice(`run ${runId} has no checkpoint yet: starting from the beginning`);
  return { runId, origin: null, startedFrom, since };
}

/** `chk-7` in the directory, or a folder with `_metadata` anywhere. */
async function loadFrom(from: string, storage: CheckpointStorage): Promise<RestoreSource> {
  const path = resolve(from);
  const folder = basename(path) === "_metadata" ? dirname(path) : path;
  const elsewhere = existsSync(folder) && statSync(folder).isDirectory();
  const parent = dirname(folder);
  if (!elsewhere && basename(from) !== from) {
    throw new RestoreError(`there is no checkpoint at ${folder}`, {
      code: "RESTORE_NO_CHECKPOINT",
      hint: "give the folder that holds its _metadata, or a name in the checkpoint directory such as chk-7",
    });
  }
  if (!elsewhere || parent === resolve(storage.location)) {
    const name = basename(elsewhere ? folder : from);
    const metadata = await storage.load(name);
    await storage.verify(metadata);
    return { metadata, storage };
  }
  const blobs = FileBlobStore.reading(parent);
  const other = new CheckpointStorage({ blobs, location: parent });
  const metadata = await other.load(basename(folder));
  await other.verify(metadata);
  return { metadata, storage: other };
}

function checkpointPath({ metadata, storage }: RestoreSource): string {
  const { checkpoint, kind, runId } = metadata;
  const name = kind === "savepoint" ? `savepoint-${checkpoint}-${runId}` : `chk-${checkpoint}`;
  return resolve(storage.location, name);
}

async function nothingToRestore(storage: CheckpointStorage): Promise<RestoreError> {
  const names = await storage.names();
  const code = "RESTORE_NO_CHECKPOINT";
  const { location } = storage;
  if (names.length === 0) {
    const hint = "run without --from, or check --checkpoint-dir";
    return new RestoreError(`there is no checkpoint in ${location}`, { code, hint });
  }
  return new RestoreError(`the present run has no checkpoint in ${location}`, {
    code,
    hint: `there are those of other runs: name one with --from (${names.join(", ")}), or run without it`,
  });
}
