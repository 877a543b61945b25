import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  type Collector,
  type JobHandle,
  type Sink,
  WatermarkStrategy,
  collectSink,
  generatorSource,
} from "../../../index.ts";
import { limits } from "../../../core/limits.ts";
import {
  Gate,
  ManualClock,
  ManualSource,
  eventually,
  listSink,
  numbers,
  runToEnd,
  settle,
  startJob,
  temporaryFolder,
} from "./harness.ts";

/** A sink that takes nothing more after `most` records until its gate is open. */
function slowSink(most: number, gate: Gate): { readonly sink: Sink<number>; written: number } {
  const state = {
    written: 0,
    sink: {
      describe: "slow",
      guarantee: "none" as const,
      createWriter: () => {
        let taken = 0;
        return {
          write(): void {
            taken += 1;
            state.written += 1;
          },
          backlog: () => (taken >= most ? gate.opened : null),
        };
      },
    },
  };
  return state;
}

/** A channel is full at so many elements; the turn that fills it adds those that a turn may make. */
const channelRecordsMax =
  (limits.channelElementsMax + 2 * limits.turnEmissionsMax) * limits.batchRecordsMax;
/** What a task takes in between two looks at its sink: one batch of its source at most. */
const lookRecords = limits.batchRecordsMax;

describe("a sink that takes nothing more", () => {
  const shapes = [
    { name: "chained to the source", hops: 0, parallelism: 1 },
    { name: "one hop away", hops: 1, parallelism: 1 },
    { name: "three hops away", hops: 3, parallelism: 1 },
    { name: "two hops away, at parallelism 2", hops: 2, parallelism: 2 },
  ];

  test.each(shapes)("stops the source when it is $name", async ({ hops, parallelism }) => {
    const gate = new Gate();
    const slow = slowSink(100, gate);
    let made = 0;
    const handle = await startJob(
      (env) => {
        let stream = env
          .fromSource(
            generatorSource({ generate: (index) => ((made += 1), index) }),
            WatermarkStrategy.noWatermarks(),
            "numbers",
          )
          .map((n) => n);
        for (let hop = 0; hop < hops; hop += 1) stream = stream.rebalance().map((n) => n);
        stream.sinkTo(slow.sink).uid("slow");
      },
      { parallelism, strict: false, checkpointing: false },
    );
    let before = -1;
    await eventually(() => slow.written >= 100);
    while (made > before) {
      before = made;
      await settle();
    }
    const channels = hops * parallelism * parallelism;
    expect(made - slow.written).toBeLessThanOrEqual(channels * channelRecordsMax);
    expect(slow.written).toBeLessThanOrEqual(parallelism * (100 + lookRecords));
    gate.open();
    await eventually(() => made > before + channelRecordsMax);
    handle.cancel();
    await handle.result;
  });

  test("lets no barrier pass, but lets the job be cancelled", async () => {
    const slow = slowSink(100, new Gate());
    const handle = await startJob((env) => {
      env
        .fromSource(
          generatorSource({ generate: (index) => index }),
          WatermarkStrategy.noWatermarks(),
          "numbers",
        )
        .rebalance()
        .sinkTo(slow.sink)
        .uid("slow");
    });
    await eventually(() => slow.written >= 100);
    const savepoint = handle.savepoint();
    await settle();
    handle.cancel();
    await expect(savepoint).rejects.toMatchObject({ code: "JOB_CHECKPOINT_FAILED" });
    await handle.result;
  });

  test("lets the process sleep, whatever is due in a task that it holds up", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const slow = slowSink(1, new Gate());
    const clock = new ManualClock(0);
    const source = new ManualSource<number>();
    const handle = await startJob(
      (env) => {
        env
          .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
          .keyBy((n) => n)
          .process({
            processElement(n, ctx, out: Collector<number>) {
              ctx.timers.registerProcessingTimeTimer(100);
              out.collect(n);
            },
          })
          .uid("timers")
          .sinkTo(slow.sink)
          .uid("slow");
      },
      { checkpointing: false, bufferTimeout: { milliseconds: 0 } },
      { clock },
    );
    source.push(1);
    await eventually(() => slow.written === 1);
    clock.set(200);
    source.wake();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    handle.cancel();
    await handle.result;
  });

  test("loses nothing when it takes a record at a time", async () => {
    const values: number[] = [];
    await runToEnd(
      (env) => {
        env
          .fromSequence(1, 20_000)
          .rebalance()
          .sinkTo({
            describe: "one by one",
            guarantee: "none",
            createWriter: () => ({
              write: (n) => void values.push(n),
              backlog: () => Promise.resolve(),
            }),
          })
          .uid("slow");
      },
      { parallelism: 2, strict: false },
    );
    expect(values).toHaveLength(20_000);
    expect(new Set(values).size).toBe(20_000);
  });
});

test("a barrier passes a join whose one side is much slower than the other", async () => {
  const checkpointDir = temporaryFolder();
  const rows = collectSink<number>();
  const seen = listSink<number>();
  const start = (): Promise<JobHandle> =>
    startJob(
      (env) => {
        const shared = env
          .fromSource(
            generatorSource({ generate: (index) => index }),
            WatermarkStrategy.noWatermarks(),
            "numbers",
          )
          .setParallelism(1);
        const rare = shared.filter((n) => n % 1_000 === 0).rebalance();
        const often = shared.rebalance().map((n) => n);
        const joined = rare
          .keyBy((n) => n % 3)
          .connect(often.keyBy((n) => n % 3))
          .process({
            processElement1: (n, _ctx, out) => void out.collect(-n),
            processElement2: (n, _ctx, out) => void out.collect(n),
          })
          .uid("join");
        joined.sinkTo(rows.sink).uid("rows");
        joined.sinkTo(seen.sink).uid("seen");
      },
      { parallelism: 2, strict: false, checkpointing: { interval: { milliseconds: 1 } } },
      { checkpointDir },
    );
  for (let round = 1; round <= 3; round += 1) {
    const handle = await start();
    await eventually(() => handle.status().checkpoints >= 3 && seen.values.length > 10_000 * round);
    await handle.stop();
    await handle.result;
  }
  const often = rows.values.filter((n) => n > 0).toSorted((a, b) => a - b);
  expect(often).toEqual(numbers(often.length, 1));
  const rare = rows.values.filter((n) => n < 0);
  expect(new Set(rare).size).toBe(rare.length);
  expect(rare.length).toBe(Math.floor(often.length / 1_000));
});
