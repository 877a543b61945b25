import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type JobEvent, type RunJobOptions, runJob } from "../../../../index.ts";
import type { FunctionsJob } from "../../../../infra/local/functions/functions-job.ts";
import {
  type RunOnFunctionsOptions,
  runOnFunctions,
} from "../../../../infra/local/functions/run-on-functions.ts";
import { outputLines } from "../../../recovery/flights-output.ts";
import { DispatcherProcess } from "./dispatcher-process.ts";
import type { DispatcherRun } from "./dispatcher-script.ts";
import { functionJobs } from "./function-jobs.ts";
import type { TestSource } from "./worker-script.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

export interface TestRun extends Omit<Partial<RunOnFunctionsOptions>, "worker"> {
  readonly job: string;
  readonly crashes?: TestSource["crashes"];
  /** What workers load; the same job by default. */
  readonly workerJob?: string;
}

/** Runs the jobs of `function-jobs.ts` on either host, in folders of their own. */
export class FunctionsBench {
  readonly folder: string;
  readonly #script: Promise<string>;
  readonly #dispatcher: Promise<string>;
  #folders = 0;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "millrace-functions-"));
    this.#script = bundled(join(here, "worker-script.ts"), join(this.folder, "worker.mjs"));
    this.#dispatcher = bundled(
      join(here, "dispatcher-script.ts"),
      join(this.folder, "dispatcher.mjs"),
    );
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  newFolder(): string {
    this.#folders += 1;
    return join(this.folder, String(this.#folders));
  }

  async start(run: TestRun, events: JobEvent[] = []): Promise<FunctionsJob> {
    const { job, crashes = null, workerJob = job, ...options } = run;
    return runOnFunctions(jobNamed(job), {
      directory: this.newFolder(),
      sync: false,
      workers: 2,
      onEvent: (event) => events.push(event),
      ...options,
      // Never the default one, which lies in the working directory.
      params: { output: this.newFolder(), ...options.params },
      worker: {
        script: await this.#script,
        source: { job: workerJob, crashes } satisfies TestSource,
      },
    });
  }

  /** The same in a process of its own. */
  async spawn(
    run: Pick<DispatcherRun, "job" | "options"> & Partial<DispatcherRun>,
  ): Promise<DispatcherProcess> {
    return new DispatcherProcess(await this.#dispatcher, {
      crashes: null,
      stop: false,
      savepointAfter: null,
      dieInCall: null,
      ...run,
      script: await this.#script,
    });
  }

  /** The sorted lines that the embedded host makes of a job. */
  async embedded(job: string, options: RunJobOptions = {}): Promise<readonly string[]> {
    const output = this.newFolder();
    const handle = await runJob(jobNamed(job), {
      ...options,
      params: { ...options.params, output },
    });
    await handle.result;
    return outputLines(output);
  }
}

export function jobNamed(name: string) {
  const job = functionJobs[name];
  if (job === undefined) throw new Error(`there is no job ${name}`);
  return job;
}

/** A script and everything it imports from the project, as one file. */
export async function bundled(entry: string, outfile: string): Promise<string> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
  });
  return outfile;
}
