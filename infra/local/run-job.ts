import { type BuildJobOptions, buildJob } from "../../core/api/build-job.ts";
import type { Job } from "../../core/api/define-job.ts";
import type { ParamDeclarations } from "../../core/api/param.ts";
import type { Clock } from "../../core/ports/index.ts";
import { EmbeddedJob } from "./embedded-job.ts";
import { environmentSecret } from "./environment-secret.ts";
import type { JobEvent, JobResult, JobStatus } from "./job-events.ts";
import { JobRun } from "./job-run.ts";

export interface RunJobOptions extends BuildJobOptions {
  /** Where checkpoints lie; without it they are kept in memory and end with the process. */
  readonly checkpointDir?: string | null;
  /**
   * `latest`, `fresh`, the name of a checkpoint in the directory (`chk-7`), or the path of one
   * elsewhere. Default: the latest of a run that has not finished, else from the beginning.
   */
  readonly from?: string | null;
  /** Drops state of operators that the job no longer has. Default false. */
  readonly allowNonRestoredState?: boolean;
  /** Identifies the job's code in checkpoints. */
  readonly codeHash?: string;
  /** Called for everything worth telling; must not throw. */
  readonly onEvent?: (event: JobEvent) => void;
  /** Processing time. Default: the wall clock. */
  readonly clock?: Clock;
}

/** A job that runs in this process. */
export interface JobHandle {
  status(): JobStatus;
  /** Resolves when the job has ended, rejects when it has failed for good. */
  readonly result: Promise<JobResult>;
  /** Takes a savepoint and resolves with its folder; the job goes on. */
  savepoint(): Promise<string>;
  /** Takes a last checkpoint, commits, and ends the job; it can go on from there later. */
  stop(): Promise<number>;
  /** Ends the job at once, without a checkpoint. */
  cancel(): void;
}

const wallClock: Clock = { now: () => Date.now() };

/**
 * Runs a job embedded in this process. Rejects with a PlanError, UsageError or RestoreError when it
 * cannot start; what fails later rejects `result`.
 *
 * @example
 * const handle = await runJob(job, { params: { input: "flights.parquet" } });
 * const { records } = await handle.result;
 */
export async function runJob<P extends ParamDeclarations>(
  job: Job<P>,
  options: RunJobOptions = {},
): Promise<JobHandle> {
  const onEvent = options.onEvent ?? ((): void => undefined);
  const { program, warnings } = buildJob(job, { resolveSecret: environmentSecret, ...options });
  const notice = (line: string): void => onEvent({ kind: "notice", line });
  for (const warning of warnings) notice(warning);
  const run = await JobRun.open({
    job: job.name,
    planHash: program.plan.planHash,
    directory: options.checkpointDir ?? null,
    from: options.from ?? null,
    notice,
  });
  return new EmbeddedJob({
    program,
    codeHash: options.codeHash ?? "",
    run,
    allowNonRestoredState: options.allowNonRestoredState ?? false,
    clock: options.clock ?? wallClock,
    onEvent,
  });
}
