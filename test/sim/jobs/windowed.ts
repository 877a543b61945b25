import { TumblingEventTimeWindows, WatermarkStrategy, agg, defineJob } from "../../../index.ts";
import type { Row } from "../sinks.ts";
import { type SimJob, indexes, noise, paced, sameRows, settingsOf, sinkOf } from "./sim-job.ts";

interface Reading {
  readonly id: number;
  readonly key: number;
  readonly at: number;
}

const PER_SECOND = 20;
const WINDOW_MS = 2_000;
const DISORDER_MS = 500;
const KEYS = 7;
const sinks = { counts: "two-phase" } as const;

function readingOf(id: number): Reading {
  return { id, key: noise(id, KEYS), at: id * 50 + noise(id * 3 + 1, DISORDER_MS) };
}

/** Counts and sums per key and window; the bound of the watermarks is as great as the disorder. */
export const windowed: SimJob = {
  name: "windowed",
  size: 400,
  sinks,
  spanMs: (size) => (size / PER_SECOND) * 1_000,
  make: (options) =>
    defineJob({
      name: "windowed",
      ...settingsOf(options),
      build(env) {
        const readings = env.fromSource(
          paced(readingOf, options.size, PER_SECOND),
          WatermarkStrategy.forBoundedOutOfOrderness<Reading>(
            { milliseconds: DISORDER_MS },
            { timestamp: ({ at }) => at },
          ),
          "readings",
        );
        const input = options.version > 1 ? readings.map((one) => one).uid("added") : readings;
        input
          .keyBy(({ key }) => key)
          .window(TumblingEventTimeWindows.of({ milliseconds: WINDOW_MS }))
          .aggregate(
            { count: agg.count(), sum: agg.sum<Reading>(({ id }) => id) },
            (key, window, { count, sum }) => `${key} ${window.start} ${count} ${sum}`,
          )
          .uid("counts")
          .sinkTo(sinkOf(sinks, "counts"))
          .uid("counts-out");
      },
    }),
  check: ({ counts }, size) => sameRows("counts", expectedOf(size), counts),
};

function expectedOf(size: number): readonly Row[] {
  const groups = new Map<string, { count: number; sum: number }>();
  for (const id of indexes(size)) {
    const { key, at } = readingOf(id);
    const name = `${key} ${Math.floor(at / WINDOW_MS) * WINDOW_MS}`;
    const group = groups.get(name) ?? { count: 0, sum: 0 };
    group.count += 1;
    group.sum += id;
    groups.set(name, group);
  }
  return [...groups].map(([name, { count, sum }]) => `${name} ${count} ${sum}`);
}
