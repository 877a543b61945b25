import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runOnFunctions } from "../infra/local/functions/run-on-functions.ts";
import type { JobEvent } from "../infra/local/job-events.ts";
import { type JobHandle, runJob } from "../infra/local/run-job.ts";
import type { RunArguments } from "./command-line.ts";
import type { JobToBuild } from "./job-options.ts";
import { writeBundle } from "./load-module.ts";

/** A job that runs on either host. */
export interface StartedJob {
  readonly handle: JobHandle;
  /** The process is about to end: nothing of the job may go on without it. */
  abandon(): void;
}

export interface StartJobOptions {
  readonly args: RunArguments;
  readonly loaded: JobToBuild;
  readonly checkpointDir: string;
  readonly onEvent: (event: JobEvent) => void;
}

export async function startJob(options: StartJobOptions): Promise<StartedJob> {
  return options.args.host === "functions" ? startOnFunctions(options) : startEmbedded(options);
}

async function startEmbedded(options: StartJobOptions): Promise<StartedJob> {
  const { args, loaded, checkpointDir, onEvent } = options;
  const { job, options: build, codeHash } = loaded;
  const { from, allowNonRestoredState } = args;
  const handle = await runJob(job, {
    ...build,
    checkpointDir,
    from,
    allowNonRestoredState,
    codeHash,
    onEvent,
  });
  return { handle, abandon: () => undefined };
}

/** Beside the compiled modules, and compiled itself: the command runs from there. */
const WORKER = fileURLToPath(new URL("functions-worker.js", import.meta.url));

async function startOnFunctions(options: StartJobOptions): Promise<StartedJob> {
  const { args, loaded, checkpointDir, onEvent } = options;
  const { job, options: build, codeHash, path, runnable } = loaded;
  const { from, allowNonRestoredState, workers } = args;
  const bundlePath = writeBundle(path, `${process.pid}-worker-${codeHash}`, runnable);
  process.once("exit", () => rmSync(bundlePath, { force: true }));
  const handle = await runOnFunctions(job, {
    ...build,
    directory: checkpointDir,
    from,
    allowNonRestoredState,
    codeHash,
    onEvent,
    ...(workers === null ? {} : { workers }),
    worker: { script: WORKER, source: bundlePath },
  });
  return { handle, abandon: () => handle.abandon() };
}
