/**
 * What a turn of the functions host costs beside the engine: the same job embedded and over memory
 * adapters, in turn, in one process. `node run --turn-records 1000`.
 */
import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  blackholeSink,
  defineJob,
  runJob,
  type Job,
} from "../index.ts";
import { driver } from "../test/core/protocol/driver.ts";
import { memorySource } from "./memory-source.ts";
import { readings } from "./workloads.ts";

const records = Number(process.env["RECORDS"] ?? 1_000_000);
const turnRecords = Number(process.env["TURN_RECORDS"] ?? 1_000);
const runs = Number(process.env["BENCH_RUNS"] ?? 5);
const data = readings(records, 10_000, 36, 0);

const job: Job = defineJob({
  name: "overhead",
  checkpointing: false,
  build(env) {
    env
      .fromSource(
        memorySource(data, 1, 0),
        WatermarkStrategy.forMonotonousTimestamps({ timestamp: (each) => each.timestamp }),
        "readings",
      )
      .keyBy((each) => each.key)
      .window(TumblingEventTimeWindows.of({ hours: 1 }))
      .aggregate({ count: agg.count(), sum: agg.sum((each) => each.value) })
      .uid("hourly")
      .sinkTo(blackholeSink())
      .uid("nothing");
  },
});

async function embedded(): Promise<number> {
  const start = performance.now();
  const handle = await runJob(job, { from: "fresh" });
  await handle.result;
  return performance.now() - start;
}

async function functions(): Promise<{ readonly ms: number; readonly turns: number }> {
  const run = driver(job, {
    bounds: { recordsMax: turnRecords, emissionsMax: 256 },
    rounds: 10_000_000,
  });
  const start = performance.now();
  await run.control().start({ from: "fresh" });
  await run.run();
  if (run.errors.length > 0) throw run.errors[0];
  return { ms: performance.now() - start, turns: run.turns() };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

await embedded();
await functions();
const ours: number[] = [];
const theirs: number[] = [];
let turns = 0;
for (let i = 0; i < runs; i += 1) {
  globalThis.gc?.();
  theirs.push(await embedded());
  globalThis.gc?.();
  const { ms, turns: made } = await functions();
  ours.push(ms);
  turns = made;
}
const [e, f] = [median(theirs), median(ours)];
console.log(
  `${records} records, ${turns} turns, ${turnRecords} a turn: embedded ${e.toFixed(0)} ms, functions ${f.toFixed(0)} ms, ratio ${(f / e).toFixed(2)}, overhead ${(((f - e) * 1_000) / turns).toFixed(1)} us a turn, ${(((f - e) * 1e6) / records).toFixed(0)} ns a record`,
);
