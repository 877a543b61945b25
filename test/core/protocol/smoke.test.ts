import { describe, expect, test } from "vitest";
import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  collectSink,
  defineJob,
} from "../../../index.ts";
import { driver } from "./driver.ts";

describe("a job on functions", () => {
  test.each([
    ["warm", false, 1],
    ["cold", true, 1],
    ["warm at parallelism 3", false, 3],
    ["cold at parallelism 3", true, 3],
  ])("counts windows exactly once (%s)", async (_, fresh, parallelism) => {
    const sink = collectSink<{ key: number; start: number; count: number }>();
    const job = defineJob({
      name: "counts",
      parallelism,
      build(env) {
        env
          .fromSource(
            env_sequence(env),
            WatermarkStrategy.forMonotonousTimestamps<number>({ timestamp: (n) => n * 100 }),
            "numbers",
          )
          .keyBy((n) => n % 7)
          .window(TumblingEventTimeWindows.of({ seconds: 5 }))
          .aggregate({ count: agg.count() }, (key, window, { count }) => ({
            key,
            start: window.start,
            count,
          }))
          .uid("counts")
          .sinkTo(sink.sink)
          .uid("collected");
      },
    });
    const run = driver(job, { bounds: { recordsMax: 50, emissionsMax: 8 }, rounds: 400 });
    await run.control().start({ from: "fresh" });
    await run.run({ fresh });
    expect(run.errors).toEqual([]);
    const overview = await run.control().overview();
    expect(overview?.record.phase).toBe("finished");
    expect(sink.values.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
    expect(new Set(sink.values.map(({ key, start }) => `${key} ${start}`)).size).toBe(
      sink.values.length,
    );
  });
});

import { sequenceSource } from "../../../core/connector/index.ts";
function env_sequence(_env: unknown) {
  return sequenceSource(0, 999);
}
