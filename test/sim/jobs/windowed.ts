import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  defineJob,
  restartStrategy,
} from "../../../index.ts";
import { generatorSource } from "../../../core/connector/index.ts";
import type { Row } from "../sinks.ts";
import { type SimJob, noise, sameRows, sinkOf } from "./sim-job.ts";

interface Reading {
  readonly id: number;
  readonly key: number;
  readonly at: number;
}

const RATE = 20;
const WINDOW_MS = 2_000;
const DISORDER_MS = 500;
const KEYS = 7;

function readingOf(id: number): Reading {
  return { id, key: noise(id, KEYS), at: id * 50 + noise(id * 3 + 1, DISORDER_MS) };
}

/** Counts and sums per key and window; the bound of the watermarks is as great as the disorder. */
export const windowed: SimJob = {
  name: "windowed",
  size: 400,
  sinks: { counts: "two-phase" },
  spanMs: (size) => (size / RATE) * 1_000,
  make: ({ size, parallelism, checkpointMs, version }) =>
    defineJob({
      name: "windowed",
      parallelism,
      checkpointing: { interval: { milliseconds: checkpointMs }, tolerableFailures: 1_000_000 },
      restart: restartStrategy.fixedDelay({ attempts: 1_000_000, delay: { seconds: 1 } }),
      build(env) {
        const readings = env.fromSource(
          generatorSource({ generate: readingOf, count: size, ratePerSecond: RATE }),
          WatermarkStrategy.forBoundedOutOfOrderness<Reading>(
            { milliseconds: DISORDER_MS },
            { timestamp: ({ at }) => at },
          ),
          "readings",
        );
        const upgraded = version > 1 ? readings.map((reading) => reading).uid("added") : readings;
        upgraded
          .keyBy(({ key }) => key)
          .window(TumblingEventTimeWindows.of({ milliseconds: WINDOW_MS }))
          .aggregate(
            { count: agg.count(), sum: agg.sum<Reading>(({ id }) => id) },
            (key, window, { count, sum }) => `${key} ${window.start} ${count} ${sum}`,
          )
          .uid("counts")
          .sinkTo(sinkOf(windowed, "counts"))
          .uid("counts-out");
      },
    }),
  check: (_sink, rows, size) => sameRows(expectedOf(size), rows),
};

function expectedOf(size: number): readonly Row[] {
  const groups = new Map<string, { count: number; sum: number }>();
  for (let id = 0; id < size; id += 1) {
    const { key, at } = readingOf(id);
    const name = `${key} ${Math.floor(at / WINDOW_MS) * WINDOW_MS}`;
    const group = groups.get(name) ?? { count: 0, sum: 0 };
    group.count += 1;
    group.sum += id;
    groups.set(name, group);
  }
  return [...groups].map(([name, { count, sum }]) => `${name} ${count} ${sum}`);
}
