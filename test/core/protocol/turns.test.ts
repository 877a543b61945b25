import { describe, expect, test } from "vitest";
import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  collectSink,
  defineJob,
} from "../../../index.ts";
import { generatorSource } from "../../../core/connector/index.ts";
import { driver } from "./driver.ts";

describe("turns", () => {
  test("are at most three a record at one record a second through 16 subtasks", async () => {
    const sink = collectSink<unknown>();
    const start = 1_000_000;
    const job = defineJob({
      name: "slow",
      parallelism: 16,
      bufferTimeout: { seconds: 1 },
      checkpointing: { interval: { hours: 10 } },
      build(env) {
        env
          .fromSource(
            generatorSource({
              generate: (index) => ({ index, at: start + index * 1_000 }),
              ratePerSecond: 1,
            }),
            WatermarkStrategy.forMonotonousTimestamps<{ index: number; at: number }>({
              timestamp: ({ at }) => at,
            }),
            "slow",
          )
          .setParallelism(1)
          .keyBy(({ index }) => index % 100)
          .window(TumblingEventTimeWindows.of({ hours: 1 }))
          .aggregate({ count: agg.count() })
          .uid("hourly")
          .sinkTo(sink.sink)
          .uid("collected");
      },
    });
    const run = driver(job);
    await run.control().start({ from: "fresh" });
    await run.run({ untilMs: run.clock.nowMs + 5_000 });
    const before = run.turns();
    await run.run({ untilMs: run.clock.nowMs + 3_700_000 });
    expect(run.errors).toEqual([]);
    expect((run.turns() - before) / 3_700).toBeLessThanOrEqual(3);
  });
});
