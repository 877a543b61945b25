import { describe, expect, test } from "vitest";
import { sequenceSource } from "../../../core/connector/index.ts";
import {
  type Job,
  type Sink,
  WatermarkStrategy,
  collectSink,
  defineJob,
  restartStrategy,
} from "../../../index.ts";
import { driver } from "./driver.ts";

const numbers = sequenceSource(1, 200);

function failing(map: (n: number) => number): {
  readonly job: Job;
  readonly values: readonly number[];
} {
  const sink = collectSink<number>();
  const job = defineJob({
    name: "failing",
    restart: restartStrategy.fixedDelay({ attempts: 2, delay: { seconds: 1 } }),
    build(env) {
      env
        .fromSource(numbers, WatermarkStrategy.noWatermarks<number>(), "numbers")
        .rebalance()
        .map(map)
        .uid("map")
        .sinkTo(sink.sink)
        .uid("out");
    },
  });
  return { job, values: sink.values };
}

describe("user code that fails on functions", () => {
  test("is tried again, and has no effect twice", async () => {
    let calls = 0;
    const { job, values } = failing((n) => {
      if (n === 100 && (calls += 1) < 3) throw new Error("not yet");
      return n;
    });
    const run = driver(job, { bounds: { recordsMax: 30, emissionsMax: 8 } });
    await run.control().start({ from: "fresh" });
    await run.run();
    expect((await run.control().overview())?.record.phase).toBe("finished");
    expect(run.errors).toHaveLength(2);
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  test("fails the job when no attempt is left, and loses nothing", async () => {
    let broken = true;
    const { job, values } = failing((n) => {
      if (n === 100 && broken) throw new Error("no way");
      return n;
    });
    let off = false;
    const run = driver(job, {
      bounds: { recordsMax: 30, emissionsMax: 8 },
      switchOff: async () => {
        off = true;
      },
    });
    await run.control().start({ from: "fresh" });
    await run.run({ while: () => !off });
    const failed = await run.control().overview();
    expect(failed?.record).toMatchObject({
      phase: "failed",
      failure: { message: expect.stringContaining("no way"), at: "map/0" },
    });
    broken = false;
    off = false;
    await run.control().resume();
    await run.run();
    expect((await run.control().overview())?.record.phase).toBe("finished");
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });
});

describe("a sink that fails on functions", () => {
  test("fails the job with its own words, and publishes when it is resumed", async () => {
    let refuses = true;
    const published: number[] = [];
    const job = defineJob({
      name: "refusing",
      restart: restartStrategy.fixedDelay({ attempts: 1, delay: { seconds: 1 } }),
      build(env) {
        env
          .fromSource(numbers, WatermarkStrategy.noWatermarks<number>(), "numbers")
          .sinkTo({
            describe: "refusing",
            guarantee: "exactly-once",
            createWriter() {
              const values: number[] = [];
              return {
                write: (value) => void values.push(value),
                prepareCommit: async () => [values],
              };
            },
            createCommitter: () => ({
              async commit(batches) {
                if (refuses) throw new Error("the bucket is gone");
                published.push(...batches.flat());
              },
            }),
          } satisfies Sink<number, number[]>)
          .uid("out");
      },
    });
    let off = false;
    const run = driver(job, {
      switchOff: async () => {
        off = true;
      },
    });
    await run.control().start({ from: "fresh" });
    await run.run({ while: () => !off });
    expect((await run.control().overview())?.record.failure?.message).toContain("bucket is gone");
    refuses = false;
    off = false;
    await run.control().resume();
    await run.run();
    expect((await run.control().overview())?.record.phase).toBe("finished");
    expect(published.toSorted((a, b) => a - b)).toHaveLength(200);
  });
});
