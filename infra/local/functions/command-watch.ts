import { JobError } from "../../../core/errors.ts";
import { filesOf } from "../../../core/checkpoint/file-references.ts";
import type { BlobStore } from "../../../core/ports/index.ts";
import { loadCheckpoint } from "../../../core/protocol/checkpoint-store.ts";
import { objectLost } from "../../../core/protocol/object-lost.ts";
import type { CompletedCheckpoint } from "../../../core/protocol/completed-checkpoints.ts";
import type { JobControl } from "../../../core/protocol/job-control.ts";
import type { CoordinatorView } from "../../../core/protocol/coordinator-state.ts";
import type { RequestResult } from "../../../core/protocol/request-log.ts";
import type { JobEvent } from "../job-events.ts";

export interface CommandWatchOptions {
  readonly control: JobControl;
  readonly blobs: BlobStore;
  readonly onEvent: (event: JobEvent) => void;
}

export interface CommandOutcome {
  readonly checkpoint: number;
  /** The folder of the savepoint, a key of the blob store. */
  readonly path: string;
}

interface Waiting {
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Between two looks that nobody waits for. */
const PAUSE_MS = 500;

/**
 * Reads the coordinator's ledger for what became of commands and checkpoints.
 *
 *   CW1  a command has one outcome; a refusal of a stop because the job ends by itself is none
 */
export class CommandWatch {
  readonly #options: CommandWatchOptions;
  readonly #waiting = new Map<string, Waiting>();
  #last: number | null = null;
  #completed = 0;
  #nextLookAt = 0;

  constructor(options: CommandWatchOptions) {
    this.#options = options;
  }

  /** The newest completed checkpoint. */
  get last(): number | null {
    return this.#last;
  }

  /** Checkpoints that were seen to be completed since `begin`; of many in a short time maybe not all. */
  get completed(): number {
    return this.#completed;
  }

  /** What is complete by now is no news. */
  async begin(): Promise<void> {
    const overview = await this.#options.control.overview();
    this.#last = overview?.coordinator?.completed.latest?.checkpoint ?? null;
  }

  /** The job is over: what has no outcome yet will have none. */
  end(state: string): void {
    for (const { reject } of this.#waiting.values()) {
      const hint = "ask again while it runs";
      reject(new JobError(`the job is ${state}`, { code: "JOB_NOT_RUNNING", hint }));
    }
    this.#waiting.clear();
  }

  outcome(requestId: string): Promise<CommandOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(requestId, { resolve, reject });
    });
  }

  /** A look, unless the last one was a moment ago and nobody waits. */
  async lookNowAndThen(): Promise<void> {
    if (this.#waiting.size === 0 && performance.now() < this.#nextLookAt) return;
    await this.look();
  }

  async look(): Promise<void> {
    const coordinator = (await this.#options.control.overview())?.coordinator ?? null;
    this.#nextLookAt = performance.now() + PAUSE_MS;
    if (coordinator === null) return;
    await this.#tellCheckpoints(coordinator);
    for (const request of coordinator.requests) this.#settle(request, coordinator);
  }

  async #tellCheckpoints({ completed }: CoordinatorView): Promise<void> {
    const all = completed.latest === null ? [] : [...completed.retained, completed.latest];
    for (const each of all.toSorted((left, right) => left.checkpoint - right.checkpoint)) {
      if (each.checkpoint <= (this.#last ?? 0)) continue;
      this.#last = each.checkpoint;
      this.#completed += 1;
      await this.#tell(each);
    }
  }

  async #tell({ checkpoint, metadataKey }: CompletedCheckpoint): Promise<void> {
    const { blobs, onEvent } = this.#options;
    const metadata = await loadCheckpoint(blobs, metadataKey, objectLost);
    const durationMs = metadata.completedAt - metadata.triggeredAt;
    const bytes = filesOf(metadata).reduce((sum, file) => sum + file.bytes, 0);
    onEvent({ kind: "checkpoint", checkpoint, durationMs, bytes });
  }

  #settle(request: RequestResult, { ending }: CoordinatorView): void {
    const { requestId, state, command, checkpoint, path, reason } = request;
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined || state === "pending") return;
    const endsAnyway = command === "stop" && ending.ending.kind !== "running";
    if (state === "failed" && endsAnyway) return; // CW1
    this.#waiting.delete(requestId);
    if (state === "done") waiting.resolve({ checkpoint: checkpoint ?? 0, path: path ?? "" });
    else waiting.reject(failed(reason ?? "it is not known why"));
  }
}

function failed(reason: string): JobError {
  return new JobError(reason, {
    code: "JOB_CHECKPOINT_FAILED",
    hint: "ask again",
    retryable: true,
  });
}
