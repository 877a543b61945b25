/**
 * The flights job as a process of its own that can kill itself in the middle of a step. Its only
 * argument is a `ProcessOptions` as JSON; it reports `ProcessReport`s as lines.
 */
import { writeSync } from "node:fs";
import flights from "../../examples/01-flight-delays/job.ts";
import { type JobEvent, defineJob, runJob } from "../../index.ts";
import { type ProcessOptions, type ProcessReport, type StepKind, kindOf } from "./steps.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as ProcessOptions;
const counts: Record<StepKind, number> = {
  "mid-file": 0,
  barrier: 0,
  "pre-commit": 0,
  metadata: 0,
  rename: 0,
};
let completed = 0;
let left = options.kill?.k ?? Infinity;

/** Written before the next step can happen, so that a kill loses no line. */
function report(line: ProcessReport): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function onStep(step: string): void {
  const kind = kindOf(step);
  if (kind === null) return;
  counts[kind] += 1;
  const { kill } = options;
  if (kill === null || kind !== kill.kind || completed < kill.afterCheckpoints) return;
  left -= 1;
  if (left > 0) return;
  report({ kind: "killed", step, completed });
  process.kill(process.pid, "SIGKILL");
}

function onEvent(event: JobEvent): void {
  if (event.kind === "progress") onStep(event.step);
  else if (event.kind === "checkpoint") completed += 1;
  else if (event.kind === "started") {
    report({ kind: "started", restoredFrom: event.restoredFrom });
  }
}

// The job file's interval would win over every other level of the settings.
const job = defineJob({
  ...flights.settings,
  name: flights.name,
  params: flights.params,
  checkpointing: { interval: { milliseconds: options.intervalMs } },
  restart: { kind: "none" },
  build: flights.build,
});
const handle = await runJob(job, {
  params: { input: options.input, output: options.output, bound: options.bound },
  commandLine: { parallelism: options.parallelism },
  checkpointDir: options.checkpointDir,
  from: options.from,
  onEvent,
});
const { records, checkpoints, durationMs } = await handle.result;
report({ kind: "finished", records, checkpoints, durationMs, counts });
