import { assertNever } from "../../core/assert.ts";
import type { SubtaskAcknowledgement } from "../../core/checkpoint/index.ts";
import { JobError, MillraceError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/index.ts";
import type { Program } from "../../core/runtime/program.ts";
import { MIN_WATERMARK } from "../../core/timestamp.ts";
import { CheckpointDriver } from "./checkpoint-driver.ts";
import { Execution } from "./execution.ts";
import { JobCheckpoints, type RestoreSource, committablesOf } from "./job-checkpoints.ts";
import type { JobEvent, JobResult, JobState, JobStatus } from "./job-events.ts";
import type { JobRun } from "./job-run.ts";

export interface EmbeddedJobOptions {
  readonly program: Program;
  readonly codeHash: string;
  readonly run: JobRun;
  readonly allowNonRestoredState: boolean;
  readonly clock: Clock;
  readonly onEvent: (event: JobEvent) => void;
}

type Ending = "finished" | "stopped" | "cancelled";

/**
 * A job in this process, over all its attempts.
 *
 *   EJ1  each attempt starts from the latest completed checkpoint of the run
 *   EJ2  a failure ends the attempt; the restart strategy decides whether another one follows
 *   EJ3  the job has finished when its last checkpoint is complete and all sinks have committed
 */
export class EmbeddedJob {
  readonly result: Promise<JobResult>;
  readonly #options: EmbeddedJobOptions;
  readonly #startedAt: number;
  #state: JobState = "running";
  #attempt = 0;
  #execution: Execution | null = null;
  #driver: CheckpointDriver<SubtaskAcknowledgement> | null = null;
  #ending: Ending | null = null;
  #checkpoints = 0;
  #lastCheckpoint: number | null;
  #records = 0;
  #endDelay: (() => void) | null = null;
  /** The attempt's sources and sinks found what they need. */
  #prepared = false;
  /** Resolves when the first attempt takes requests, or will never. */
  readonly #started: Promise<void>;
  #onStarted: () => void = () => undefined;

  constructor(options: EmbeddedJobOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#lastCheckpoint = options.run.origin?.metadata.checkpoint ?? null;
    this.#started = new Promise((resolve) => {
      this.#onStarted = resolve;
    });
    this.result = this.#main();
  }

  status(): JobStatus {
    const execution = this.#execution;
    return {
      state: this.#state,
      attempt: this.#attempt,
      records: execution?.records ?? this.#records,
      watermark: execution?.watermark ?? MIN_WATERMARK,
      lastCheckpoint: this.#lastCheckpoint,
      checkpoints: this.#checkpoints,
      done: execution?.done ?? null,
    };
  }

  /** Takes a savepoint; resolves with its folder. The job goes on. */
  async savepoint(): Promise<string> {
    const driver = await this.#running();
    const checkpoint = await driver.request("savepoint");
    return this.#options.run.savepointPath(checkpoint);
  }

  /**
   * Ends the job so that it can go on later: sources stop, a last checkpoint is taken, sinks
   * commit. No window fires that would not have fired (semantics 25). Resolves with its number.
   * When the checkpoint fails, this rejects and the job goes on.
   */
  async stop(): Promise<number> {
    const driver = await this.#running();
    const execution = this.#execution;
    execution?.stopSources();
    try {
      const checkpoint = await driver.request("checkpoint");
      this.#end("stopped");
      return checkpoint;
    } catch (error) {
      execution?.resumeSources();
      throw error;
    }
  }

  /** Ends the job without a checkpoint; what is not committed is dropped. */
  cancel(): void {
    this.#end("cancelled");
    this.#endDelay?.();
  }

  async #running(): Promise<CheckpointDriver<SubtaskAcknowledgement>> {
    await this.#started;
    if (this.#driver !== null && this.#state === "running") return this.#driver;
    throw new JobError(`the job is ${this.#state}`, {
      code: "JOB_NOT_RUNNING",
      where: { job: this.#options.program.plan.job },
      hint: "ask again while it runs",
    });
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#execution?.stop();
  }

  async #main(): Promise<JobResult> {
    // Whoever made this object gets to see its events, also those of the start.
    await Promise.resolve();
    try {
      const ending = await this.#runAttempts();
      return await this.#finish(ending);
    } catch (error) {
      this.#state = "failed";
      await this.#options.run.close("failed");
      throw this.#jobFailure(error);
    } finally {
      this.#onStarted();
    }
  }

  async #runAttempts(): Promise<Ending> {
    let restore = this.#options.run.origin;
    for (;;) {
      try {
        await this.#runAttempt(restore);
      } catch (error) {
        await this.#afterFailure(error);
      }
      if (this.#ending !== null) return this.#ending;
      restore = await this.#options.run.latest();
      this.#attempt += 1;
    }
  }

  async #runAttempt(restore: RestoreSource | null): Promise<void> {
    const { program, run, clock, allowNonRestoredState, codeHash, onEvent } = this.#options;
    const restored = restore?.metadata.checkpoint ?? null;
    onEvent({ kind: "started", attempt: this.#attempt, restoredFrom: restored });
    const checkpoints = new JobCheckpoints({
      program,
      codeHash,
      runId: run.runId,
      storage: run.storage,
      allowNonRestoredState,
      restore,
    });
    this.#prepared = false;
    const state = await checkpoints.restore();
    await this.#prepareSinks(checkpoints, restored);
    const execution = new Execution({
      program,
      attempt: this.#attempt,
      runId: run.runId,
      restore: state,
      allowNonRestoredState,
      clock,
      print: (line) => onEvent({ kind: "print", line }),
      progress: (step) => onEvent({ kind: "progress", step }),
      onSnapshot: (checkpoint, snapshot) => {
        const { vertex, subtask } = snapshot;
        const written = checkpoints.write(checkpoint, snapshot).then(
          (acknowledgement) =>
            driver.handle({
              kind: "acknowledged",
              checkpoint,
              vertex,
              subtask,
              snapshot: acknowledgement,
            }),
          (error: unknown) =>
            driver.handle({
              kind: "declined",
              checkpoint,
              reason: "io-exception",
              detail: describe(error),
            }),
        );
        driver.track(written);
      },
      full: (checkpoint, uid, subtask) => checkpoints.full(checkpoint, uid, subtask),
      onActive: () => driver.handle({ kind: "active" }),
      onReady: () => {
        this.#prepared = true;
        driver.handle({ kind: "start" });
      },
      onEnd: () => driver.handle({ kind: "finish" }),
    });
    const driver = this.#checkpointDriver(execution, checkpoints, await run.nextCheckpoint());
    this.#execution = execution;
    this.#driver = driver;
    this.#state = "running";
    this.#onStarted();
    if (this.#ending !== null) return;
    try {
      await execution.run();
    } finally {
      this.#records = execution.records;
      await execution.close();
      await driver.stop();
      run.reserve(driver.nextCheckpoint);
    }
  }

  #checkpointDriver(
    execution: Execution,
    checkpoints: JobCheckpoints,
    firstCheckpoint: number,
  ): CheckpointDriver<SubtaskAcknowledgement> {
    const { program, run, clock, onEvent } = this.#options;
    const driver = new CheckpointDriver<SubtaskAcknowledgement>({
      settings: program.settings.checkpointing,
      subtasks: program.plan.executionGraph.subtasks,
      firstCheckpoint,
      clock,
      trigger: (checkpoint, type) => {
        checkpoints.begin(checkpoint, type, execution.trigger(checkpoint));
        onEvent({ kind: "progress", step: `trigger ${checkpoint}` });
      },
      store: async (checkpoint, type, triggeredAt, acknowledgements) => {
        const times = { triggeredAt, completedAt: clock.now() };
        const bytes = await checkpoints.store(checkpoint, type, times, acknowledgements);
        onEvent({ kind: "progress", step: `metadata ${checkpoint}` });
        return bytes;
      },
      notify: (checkpoint) => execution.notifyCheckpointComplete(checkpoint),
      retain: (count) => run.storage.retain(count),
      notice: (line) => onEvent({ kind: "notice", line }),
      onCompleted: (checkpoint, durationMs, bytes) => {
        this.#checkpoints += 1;
        this.#lastCheckpoint = checkpoint;
        onEvent({ kind: "checkpoint", checkpoint, durationMs, bytes });
      },
      onAborted: (checkpoint, reason) => {
        onEvent({ kind: "checkpoint-failed", checkpoint, reason });
        driver.track(
          checkpoints.abort(checkpoint).catch((error: unknown) => execution.fail(error)),
        );
      },
      onFinished: () => this.#end("finished"),
      fail: (error) => execution.fail(error),
    });
    return driver;
  }

  async #prepareSinks(checkpoints: JobCheckpoints, restored: number | null): Promise<void> {
    const { program, run, onEvent } = this.#options;
    const savepoints = await run.storage.savepoints(run.runId);
    for (const [uid, implementation] of program.implementations) {
      if (implementation.kind !== "sink") continue;
      const saved = savepoints.flatMap(({ operators }) =>
        operators.filter((operator) => operator.uid === uid),
      );
      await implementation.sink.prepare?.({
        uid,
        runId: run.runId,
        restoredCheckpoint: restored,
        committables: checkpoints.committables(uid),
        retained: saved.flatMap(({ subtasks }) => committablesOf(subtasks)),
        notice: (line) => onEvent({ kind: "notice", line }),
        progress: (step) => onEvent({ kind: "progress", step }),
      });
    }
  }

  /** Waits for the next attempt, or rejects when there is none (EJ2). */
  async #afterFailure(error: unknown): Promise<void> {
    if (this.#ending !== null) return;
    const delayMs = this.#restartDelay(error);
    this.#options.onEvent({ kind: "failed", error, restartInMs: delayMs });
    if (delayMs === null) throw error;
    this.#state = "restarting";
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#endDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#endDelay = null;
  }

  /** Only what can go better next time is tried again: not a plan, a setting, or a checkpoint that does not fit. */
  #restartDelay(error: unknown): number | null {
    if (error instanceof MillraceError && !error.retryable) {
      if (!this.#prepared || !mayPass(error)) return null;
    }
    const { restart } = this.#options.program.settings;
    switch (restart.kind) {
      case "none":
        return null;
      case "fixed-delay":
        return this.#attempt < restart.attempts ? restart.delayMs : null;
      default:
        return assertNever(restart);
    }
  }

  #jobFailure(error: unknown): MillraceError {
    const { job } = this.#options.program.plan;
    if (error instanceof MillraceError) return error.at({ job });
    return new JobError(describe(error), { code: "JOB_FAILED", where: { job }, cause: error });
  }

  async #finish(ending: Ending): Promise<JobResult> {
    // Null when it was cancelled before an attempt got as far as its tasks.
    const execution = this.#execution;
    this.#state = ending;
    await this.#options.run.close(ending);
    return {
      state: ending,
      records: this.#records,
      checkpoints: this.#checkpoints,
      lastCheckpoint: this.#lastCheckpoint,
      restarts: this.#attempt,
      durationMs: this.#options.clock.now() - this.#startedAt,
      accumulators: execution?.accumulators.read() ?? {},
      metrics: execution?.metrics.read() ?? {},
    };
  }
}

/** Kinds of failure that another attempt may be spared; a plan, a setting or data stays as it is. */
function mayPass(error: MillraceError): boolean {
  return ["JobError", "StorageError", "LimitError"].includes(error.name);
}

function describe(error: unknown): string {
  if (error instanceof MillraceError) return error.describe();
  return error instanceof Error ? error.message : String(error);
}
