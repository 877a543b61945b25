import { describe, expect, test } from "vitest";
import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  blackholeSink,
  collectSink,
  defineJob,
  valueState,
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

  test("in another container read what was written since, not the whole state again", async () => {
    const fired: string[] = [];
    const job = defineJob({
      name: "hops",
      checkpointing: { interval: { hours: 10 } },
      build(env) {
        env
          .fromSource(
            generatorSource({ generate: (index) => index, count: 20_000 }),
            WatermarkStrategy.forMonotonousTimestamps<number>({ timestamp: (index) => index }),
            "numbers",
          )
          .keyBy((index) => index)
          .process({
            state: { seen: valueState<string>("seen") },
            processElement(index, ctx) {
              ctx.state.seen.update(`the number ${index} was seen`);
              ctx.timers.registerEventTimeTimer(1_000_000);
            },
            onTimer(_timestamp, ctx) {
              fired.push(ctx.state.seen.value() ?? "");
            },
          })
          .uid("waiting")
          .sinkTo(blackholeSink())
          .uid("nothing");
      },
    });
    const run = driver(job, { containers: 2, bounds: { recordsMax: 100, emissionsMax: 256 } });
    const read = new Map<string, number>();
    const get = run.ports.blobs.get.bind(run.ports.blobs);
    run.ports.blobs.get = async (key, range) => {
      if (/\.(base|segment)$/.test(key)) read.set(key, (read.get(key) ?? 0) + 1);
      return get(key, range);
    };
    await run.control().start({ from: "fresh" });
    await run.run();
    expect(run.errors).toEqual([]);
    expect(new Set(fired).size).toBe(20_000);
    expect(run.turns()).toBeGreaterThan(300);
    // Each file by the one container that has not written it; a new base by that from then on.
    expect(Math.max(...read.values())).toBe(1);
  });
});
