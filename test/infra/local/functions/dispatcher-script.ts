/**
 * A job of `function-jobs.ts` on functions, as a process that may be killed at any moment. Its only
 * argument is a `DispatcherRun` as JSON; it reports as lines.
 */
import { writeSync } from "node:fs";
import {
  type RunOnFunctionsOptions,
  runOnFunctions,
} from "../../../../infra/local/functions/run-on-functions.ts";
import { FaultyFiles } from "../../../examples/faulty-files.ts";
import { functionJobs } from "./function-jobs.ts";
import { untilRecords } from "./until-records.ts";
import type { TestSource } from "./worker-script.ts";

export interface DispatcherRun {
  readonly job: string;
  readonly script: string;
  readonly crashes: TestSource["crashes"];
  readonly options: Pick<RunOnFunctionsOptions, "directory" | "params" | "commandLine" | "from">;
  /** Asks for a stop as soon as it runs. */
  readonly stop: boolean;
  /** Takes a savepoint once its sources have emitted so many records; null: never. */
  readonly savepointAfter: number | null;
  /** SIGKILL in this one of its calls that change files; null: never. */
  readonly dieInCall: number | null;
}

export type DispatcherReport =
  | { readonly kind: "started" }
  | { readonly kind: "invocation" }
  | { readonly kind: "checkpoint" }
  | { readonly kind: "savepoint"; readonly folder: string }
  | { readonly kind: "notice"; readonly line: string }
  | {
      readonly kind: "ended";
      readonly state: string;
      readonly workersLost: number;
      readonly calls: number;
    };

function report(line: DispatcherReport): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const run = JSON.parse(process.argv[2] ?? "{}") as DispatcherRun;
const fault = run.dieInCall === null ? null : ({ call: run.dieInCall, how: "kill" } as const);
const files = new FaultyFiles(fault, () => {
  process.kill(process.pid, "SIGKILL");
  throw new Error("killed");
});
const job = functionJobs[run.job];
if (job === undefined) throw new Error(`there is no job ${run.job}`);
const handle = await runOnFunctions(job, {
  ...run.options,
  sync: false,
  workers: 2,
  worker: {
    script: run.script,
    source: { job: run.job, crashes: run.crashes } satisfies TestSource,
  },
  onInvocation: () => report({ kind: "invocation" }),
  onEvent: (event) => {
    if (event.kind === "started" || event.kind === "checkpoint") report({ kind: event.kind });
    if (event.kind === "notice") report({ kind: "notice", line: event.line });
  },
});
if (run.savepointAfter !== null) {
  await untilRecords(handle, run.savepointAfter);
  report({ kind: "savepoint", folder: await handle.savepoint() });
}
if (run.stop) void handle.stop().catch(() => undefined);
const { state, functions } = await handle.result;
report({ kind: "ended", state, workersLost: functions.workersLost, calls: files.calls });
