import { describe, expect, test } from "vitest";
import { WatermarkStrategy, collectSink, defineJob } from "../../../index.ts";
import { generatorSource } from "../../../core/connector/index.ts";
import { driver } from "./driver.ts";

describe("output that is held back", () => {
  test("costs an entry what a turn added, and comes once, whoever runs the turns", async () => {
    const sink = collectSink<number>();
    const job = defineJob({
      name: "waiting",
      bufferTimeout: { seconds: 20 },
      checkpointing: { interval: { hours: 10 } },
      build(env) {
        env
          .fromSource(
            generatorSource({ generate: (index) => ({ index }), count: 300, ratePerSecond: 10 }),
            WatermarkStrategy.noWatermarks(),
            "numbers",
          )
          .rebalance()
          .map(({ index }) => index)
          .uid("mapped")
          .setParallelism(3)
          .sinkTo(sink.sink)
          .uid("collected")
          .setParallelism(3);
      },
    });
    const run = driver(job);
    const sizes: number[] = [];
    const { append } = run.ports.ledger;
    run.ports.ledger.append = (partition, version, item, scope) => {
      if (partition.includes("numbers")) sizes.push(item.length);
      return append(partition, version, item, scope);
    };
    await run.control().start({ from: "fresh" });
    await run.run({ fresh: true });
    expect(run.errors).toEqual([]);
    expect(sink.values.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 300 }, (_, index) => index),
    );
    // 200 records wait at most: about 2 KB, if every entry held them all.
    expect(Math.max(...sizes)).toBeLessThan(2_000);
  });
});
