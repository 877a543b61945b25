/**
 * Runs an example as a process of its own, with a fault in one of its calls to the file system. Its
 * only argument is an `ExampleOptions` as JSON; it reports `ExampleReport`s as lines.
 */
import { writeSync } from "node:fs";
import { type Job, type JobEvent, defineJob, restartStrategy, runJob } from "../../index.ts";
import { FaultyFiles } from "./faulty-files.ts";

export interface ExampleOptions {
  readonly params: Readonly<Record<string, string>>;
  readonly checkpointDir: string;
  readonly parallelism: number;
  readonly intervalMs: number;
  /** In the `call`-th call that changes files; null: none. */
  readonly fault: { readonly call: number; readonly how: "kill" | "fail" } | null;
  /** SIGKILL when so many checkpoints are complete; null: never. */
  readonly killAfterCheckpoints: number | null;
}

export type ExampleReport =
  | { readonly kind: "started"; readonly restoredFrom: number | null }
  | { readonly kind: "killed" }
  | { readonly kind: "finished"; readonly restarts: number; readonly calls: number };

function report(line: ExampleReport): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function die(): never {
  report({ kind: "killed" });
  process.kill(process.pid, "SIGKILL");
  throw new Error("killed");
}

export async function main(example: Job): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? "{}") as ExampleOptions;
  const files = new FaultyFiles(options.fault, die);
  let completed = 0;
  const onEvent = (event: JobEvent): void => {
    if (event.kind === "started") {
      report({ kind: "started", restoredFrom: event.restoredFrom });
    } else if (event.kind === "checkpoint") {
      completed += 1;
      if (completed === options.killAfterCheckpoints) die();
    }
  };
  // What the job file sets would win over every other level of the settings.
  const job = defineJob({
    ...example.settings,
    name: example.name,
    params: example.params,
    checkpointing: { interval: { milliseconds: options.intervalMs } },
    restart: restartStrategy.fixedDelay({ attempts: 3, delay: { milliseconds: 1 } }),
    build: example.build,
  });
  const handle = await runJob(job, {
    params: options.params,
    commandLine: { parallelism: options.parallelism },
    checkpointDir: options.checkpointDir,
    onEvent,
  });
  const { restarts } = await handle.result;
  report({ kind: "finished", restarts, calls: files.calls });
}
