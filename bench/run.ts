/**
 * Runs the table of benchmarks: each workload by hand and by a job, in turn, in one process.
 * What is measured: `runJob` from its call to the end of the job, checkpoints to a directory
 * included, against a plain loop on the same objects.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, totalmem, tmpdir } from "node:os";
import { join } from "node:path";
import { runJob } from "../index.ts";
import { type Workload, checksum, neighbours, workloads } from "./workloads.ts";

interface Row {
  readonly work: string;
  readonly records: number;
  readonly loopMs: number;
  readonly jobMs: number;
  readonly ratio: number;
  readonly goal: number;
  readonly checkpoints: number;
}

const runs = Number(process.env["BENCH_RUNS"] ?? 5);
const scale = Number(process.env["BENCH_SCALE"] ?? 1);
const only = process.env["BENCH_ONLY"];
const output = process.argv[2];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function timeLoop(workload: Workload): number {
  const start = performance.now();
  workload.byHand();
  return performance.now() - start;
}

/** At least five checkpoints complete in the timed part: about six intervals fit in. */
async function timeJob(workload: Workload, intervalMs: number): Promise<[number, number]> {
  const checkpointDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const start = performance.now();
  const handle = await runJob(workload.job, {
    checkpointDir,
    from: "fresh",
    commandLine: workload.stateful
      ? { checkpointing: { interval: { milliseconds: intervalMs } } }
      : { checkpointing: false },
  });
  const { checkpoints } = await handle.result;
  const elapsed = performance.now() - start;
  rmSync(checkpointDir, { recursive: true, force: true });
  return [elapsed, checkpoints];
}

async function measure(workload: Workload): Promise<Row> {
  const [warmUpMs] = await timeJob(workload, 1_000);
  timeLoop(workload);
  const intervalMs = Math.max(20, Math.round(warmUpMs / 7));
  const loops: number[] = [];
  const jobs: number[] = [];
  let checkpoints = Infinity;
  for (let run = 0; run < runs; run += 1) {
    globalThis.gc?.();
    loops.push(timeLoop(workload));
    globalThis.gc?.();
    const [elapsed, completed] = await timeJob(workload, intervalMs);
    jobs.push(elapsed);
    checkpoints = Math.min(checkpoints, completed);
  }
  const loopMs = median(loops);
  const jobMs = median(jobs);
  return {
    work: workload.name,
    records: workload.records,
    loopMs: Math.round(loopMs),
    jobMs: Math.round(jobMs),
    ratio: Number((jobMs / loopMs).toFixed(2)),
    goal: workload.goal,
    checkpoints,
  };
}

const perSecond = (records: number, ms: number): string => `${(records / ms / 1_000).toFixed(2)} M/s`;

for (const neighbour of neighbours()) {
  timeLoop(neighbour);
  await timeJob(neighbour, 1_000);
}
const rows: Row[] = [];
for (const workload of workloads(scale)) {
  if (only !== undefined && !workload.name.includes(only)) continue;
  const row = await measure(workload);
  rows.push(row);
  process.stderr.write(
    `${row.work}: loop ${perSecond(row.records, row.loopMs)}, job ${perSecond(row.records, row.jobMs)}, ` +
      `ratio ${row.ratio} (goal ${row.goal}), ${row.checkpoints} checkpoints\n`,
  );
}
const report = {
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
  runs,
  scale,
  checksum: checksum() > 0,
  rows,
};
if (output !== undefined) writeFileSync(output, `${JSON.stringify(report, null, 2)}\n`);
