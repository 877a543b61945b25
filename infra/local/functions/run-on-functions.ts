import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type BuildJobOptions, buildJob } from "../../../core/api/build-job.ts";
import type { Job } from "../../../core/api/define-job.ts";
import { JobControl } from "../../../core/protocol/job-control.ts";
import { JobTopology } from "../../../core/protocol/job-topology.ts";
import { environmentSecret } from "../environment-secret.ts";
import type { JobEvent } from "../job-events.ts";
import { FunctionsDirectory } from "./functions-directory.ts";
import { FunctionsJob } from "./functions-job.ts";
import { chooseStart } from "./start-choice.ts";
import { refuseUnfit } from "./unfit-checkpoint.ts";

export interface RunOnFunctionsOptions extends Omit<BuildJobOptions, "resolveSecret"> {
  /** Everything that the job keeps; for this job and this host alone. */
  readonly directory: string;
  /** As `RunJobOptions.from`; without it what runs goes on where it was. */
  readonly from?: string | null;
  readonly allowNonRestoredState?: boolean;
  readonly codeHash?: string;
  readonly onEvent?: (event: JobEvent) => void;
  /** Child processes. Default: one per processor, at most 4. */
  readonly workers?: number;
  /** The script of a worker, which calls `serveInvocations`, and how that finds the job. */
  readonly worker: { readonly script: string; readonly source: unknown };
  /** As `FileOptions.sync`. */
  readonly sync?: boolean;
  /** For tests: as in `WorkerPoolOptions`. */
  readonly stickMs?: number;
  /** For tests: a worker, by its process id, has got an invocation. */
  readonly onInvocation?: (pid: number) => void;
}

const WORKERS_MOST = 4;
/** Longer than most turns, and short for whoever waits. */
const STICK_MS = 250;

export function defaultWorkers(): number {
  return Math.min(WORKERS_MOST, availableParallelism());
}

/**
 * Runs a job as functions: every turn in one of a pool of child processes, over queues, a ledger and
 * objects in files. What the protocol promises holds whichever of the processes is killed, and when.
 * Rejects with a PlanError, UsageError or RestoreError when the job cannot start.
 */
export async function runOnFunctions(
  job: Job,
  options: RunOnFunctionsOptions,
): Promise<FunctionsJob> {
  const { directory: path, from = null, codeHash = "", sync = true, worker, ...rest } = options;
  const { allowNonRestoredState = false } = options;
  const onEvent = options.onEvent ?? ((): void => undefined);
  const notice = (line: string): void => onEvent({ kind: "notice", line });
  const build = buildOptions(rest);
  const built = buildJob(job, { ...build, resolveSecret: environmentSecret });
  for (const warning of built.warnings) notice(warning);
  const topology = new JobTopology(built.program);
  const { planHash } = built.program.plan;
  const directory = await FunctionsDirectory.open({ path, job: job.name, sync });
  try {
    const { ports } = directory;
    const control = new JobControl({ topology, ports, codeHash, notice });
    const overview = await control.overview();
    const choice = await chooseStart({
      directory,
      job: job.name,
      planHash,
      from,
      overview,
      notice,
    });
    if (choice.kind === "start") {
      await refuseUnfit(choice.from, overview, { topology, ports, allowNonRestoredState });
    }
    return new FunctionsJob({
      topology,
      directory,
      control,
      choice,
      allowNonRestoredState,
      workers: options.workers ?? defaultWorkers(),
      stickMs: options.stickMs ?? STICK_MS,
      script: worker.script,
      setup: {
        directory: resolve(path),
        metrics: directory.metrics,
        sync,
        codeHash,
        source: worker.source,
        build,
      },
      onEvent,
      ...(options.onInvocation === undefined ? {} : { onInvocation: options.onInvocation }),
    });
  } catch (error) {
    await directory.close();
    throw error;
  }
}

/** Only what shapes the plan, because it travels to the workers. */
function buildOptions(options: BuildJobOptions): Omit<BuildJobOptions, "resolveSecret"> {
  const { set, params, commandLine, config, stage, defaults } = options;
  return {
    ...(set === undefined ? {} : { set }),
    ...(params === undefined ? {} : { params }),
    ...(commandLine === undefined ? {} : { commandLine }),
    ...(config === undefined ? {} : { config }),
    ...(stage === undefined ? {} : { stage }),
    ...(defaults === undefined ? {} : { defaults }),
  };
}
