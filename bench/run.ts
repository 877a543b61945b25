/**
 * Runs the table of benchmarks: each workload by hand and by a job, in turn, in one process.
 * What is measured: `runJob` from its call to the end of the job, checkpoints to a directory
 * included, against a plain loop on the same objects; the flights job and the slow sink as whole
 * processes. `BENCH_RUNS`, `BENCH_SCALE` and `BENCH_ONLY` (part of a row's name) shorten it.
 */
import { spawnSync } from "node:child_process";
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

const perSecond = (records: number, ms: number): string =>
  `${(records / ms / 1_000).toFixed(2)} M/s`;

interface ProcessRun {
  readonly ms: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runProcess(args: readonly string[]): ProcessRun {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return { ms: performance.now() - start, stdout, stderr };
}

const bundles = join(process.cwd(), "node_modules/.cache/millrace-bench");
const flightsFile = "node_modules/vega-datasets/data/flights-3m.parquet";

/** The whole process, start to end, against the hand-written one; fresh folders every time. */
function measureFlights(): Row & { readonly peakMb: number; readonly loopPeakMb: number } {
  const loops: number[] = [];
  const jobs: number[] = [];
  const peaks: number[] = [];
  const loopPeaks: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const folder = mkdtempSync(join(tmpdir(), "millrace-bench-flights-"));
    const hand = runProcess([join(bundles, "flights-by-hand.mjs"), flightsFile, `${folder}/hand`]);
    const job = runProcess([
      "dist/cli/main.js",
      "run",
      "examples/01-flight-delays/job.ts",
      "--fresh",
      "--checkpoint-dir",
      `${folder}/checkpoints`,
      "--set",
      `output=${folder}/out`,
    ]);
    rmSync(folder, { recursive: true, force: true });
    if (run === 0) continue;
    loops.push(hand.ms);
    jobs.push(job.ms);
    loopPeaks.push(Number(hand.stdout));
    peaks.push(Number(/peak memory\s+([\d,]+) MB/.exec(job.stderr + job.stdout)?.[1]));
  }
  const loopMs = median(loops);
  const jobMs = median(jobs);
  return {
    work: "flights job, whole process",
    records: 3_000_000,
    loopMs: Math.round(loopMs),
    jobMs: Math.round(jobMs),
    ratio: Number((jobMs / loopMs).toFixed(2)),
    goal: 2.5,
    checkpoints: 1,
    peakMb: Math.max(...peaks),
    loopPeakMb: Math.max(...loopPeaks),
  };
}

/** Peak memory at 1 and 10 million records with a sink at about a tenth of the source's rate. */
function measureSlowSink(): { readonly peakMbAt1M: number; readonly peakMbAt10M: number } {
  const peak = (count: number): number =>
    median(
      [1, 2, 3].map(() => Number(runProcess([join(bundles, "slow-sink.mjs"), `${count}`]).stdout)),
    );
  return { peakMbAt1M: peak(1_000_000), peakMbAt10M: peak(10_000_000) };
}

const wanted = (name: string): boolean => only === undefined || name.includes(only);

for (const neighbour of neighbours()) {
  timeLoop(neighbour);
  await timeJob(neighbour, 1_000);
}
const rows: Row[] = [];
const report = (row: Row): void => {
  rows.push(row);
  process.stderr.write(
    `${row.work}: by hand ${perSecond(row.records, row.loopMs)}, job ${perSecond(row.records, row.jobMs)}, ` +
      `ratio ${row.ratio} (goal ${row.goal}), ${row.checkpoints} checkpoints\n`,
  );
};
for (const workload of workloads(scale)) {
  if (wanted(workload.name)) report(await measure(workload));
}
if (wanted("flights")) report(measureFlights());
const slowSink = wanted("slow sink") ? measureSlowSink() : null;
const results = {
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
  command: "npm run bench -- bench/results/embedded.json",
  runs,
  scale,
  checksum: checksum() > 0,
  rows,
  slowSink,
};
process.stderr.write(`slow sink: ${JSON.stringify(slowSink)}\n`);
if (output !== undefined) writeFileSync(output, `${JSON.stringify(results, null, 2)}\n`);
