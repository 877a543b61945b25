import { describe, expect, test } from "vitest";
import {
  type CollectSink,
  type Collector,
  type JobEvent,
  type KeyedContext,
  type KeyedProcessFunction,
  type RuntimeContext,
  type ValueState,
  WatermarkStrategy,
  collectSink,
  generatorSource,
  restartStrategy,
  valueState,
} from "../../../index.ts";
import {
  type Build,
  type ListSink,
  ManualSource,
  eventually,
  listSink,
  numbers,
  runToEnd,
  settle,
  sorted,
  startJob,
  temporaryFolder,
} from "./harness.ts";

const unlimited = generatorSource({ generate: (index) => index });

function endless(sink: ListSink<number>): Build {
  return (env) => {
    env
      .fromSource(unlimited, WatermarkStrategy.noWatermarks(), "numbers")
      .keyBy((n) => n % 10)
      .process({
        state: { count: valueState<number>("count") },
        processElement(n, ctx, out: Collector<number>) {
          ctx.state.count.update((ctx.state.count.value() ?? 0) + 1);
          out.collect(n);
        },
      })
      .uid("count")
      .sinkTo(sink.sink)
      .uid("rows");
  };
}

describe("an embedded job with an endless source", () => {
  test("ends by stop, and goes on where it was", async () => {
    const checkpointDir = temporaryFolder();
    const rows = collectSink<number>();
    const lengths: number[] = [];
    for (const parallelism of [2, 3, 1]) {
      const seen = listSink<number>();
      const handle = await startJob(
        (env) => {
          const stream = env
            .fromSource(unlimited, WatermarkStrategy.noWatermarks(), "numbers")
            .rebalance()
            .map((n) => n)
            .uid("same");
          stream.sinkTo(seen.sink).uid("seen");
          stream.sinkTo(rows.sink).uid("rows");
        },
        { parallelism },
        { checkpointDir },
      );
      await eventually(() => seen.values.length > 5_000);
      const checkpoint = await handle.stop();
      const result = await handle.result;
      expect(result).toMatchObject({ state: "stopped", lastCheckpoint: checkpoint });
      expect(handle.status().state).toBe("stopped");
      lengths.push(rows.values.length);
    }
    expect(lengths).toEqual(sorted(lengths));
    // Endless splits are read at their own pace: each gives a run of its numbers without a hole.
    const remainders = [0, 1].map((split) =>
      sorted(rows.values.filter((n) => n % 2 === split)).map((n) => (n - split) / 2),
    );
    for (const read of remainders) expect(read).toEqual(numbers(read.length));
  });

  test("ends by cancel at once, without a checkpoint", async () => {
    const seen = listSink<number>();
    const handle = await startJob(endless(seen), { checkpointing: false });
    await eventually(() => seen.values.length > 1_000);
    handle.cancel();
    expect(await handle.result).toMatchObject({ state: "cancelled", checkpoints: 0 });
    const length = seen.values.length;
    await settle();
    expect(seen.values.length).toBe(length);
  });

  test("can be cancelled right after its start, and while it waits for a restart", async () => {
    const handle = await startJob(endless(listSink<number>()));
    handle.cancel();
    expect((await handle.result).state).toBe("cancelled");

    const events: JobEvent[] = [];
    const failing = await startJob(
      (env) => {
        env
          .fromCollection([1])
          .sinkTo({
            ...listSink<number>().sink,
            prepare: () => Promise.reject(new Error("not now")),
          })
          .uid("rows");
      },
      { restart: restartStrategy.fixedDelay({ attempts: 1, delay: { days: 1 } }) },
      { onEvent: (event) => void events.push(event) },
    );
    await eventually(() => events.some(({ kind }) => kind === "failed"));
    await settle();
    failing.cancel();
    expect((await failing.result).state).toBe("cancelled");
  });

  test("refuses savepoint and stop when it has ended", async () => {
    const handle = await startJob(endless(listSink<number>()));
    handle.cancel();
    await handle.result;
    await expect(handle.savepoint()).rejects.toMatchObject({ code: "JOB_NOT_RUNNING" });
    await expect(handle.stop()).rejects.toMatchObject({ code: "JOB_NOT_RUNNING" });
  });

  test("takes a savepoint and a stop that are asked for right after the start", async () => {
    const checkpointDir = temporaryFolder();
    const handle = await startJob(endless(listSink<number>()), {}, { checkpointDir });
    expect(await handle.savepoint()).toContain("savepoint-1-");
    expect(await handle.stop()).toBe(2);
    await handle.result;
  });
});

class Tally implements KeyedProcessFunction<number, number, number> {
  static readonly states = { count: valueState<number>("count") };
  #count!: ValueState<number>;
  #runtime!: RuntimeContext;

  open(runtime: RuntimeContext): void {
    this.#runtime = runtime;
    this.#count = runtime.getState(Tally.states.count);
    runtime.metrics.gauge("constant", () => 42);
  }

  processElement(n: number, _ctx: KeyedContext<number>, out: Collector<number>): void {
    this.#count.update((this.#count.value() ?? 0) + 1);
    this.#runtime.accumulators.add("records", 1);
    this.#runtime.accumulators.add("sum", n);
    this.#runtime.metrics.counter("seen").inc();
    this.#runtime.metrics.histogram("values").update(n);
    out.collect(n);
  }
}

describe("the result of an embedded job", () => {
  test("has the accumulators of all subtasks and the metrics of each", async () => {
    const result = await runToEnd(
      (env) => {
        env
          .fromSequence(1, 100)
          .keyBy((n) => n)
          .process(Tally)
          .uid("tally")
          .sinkTo(listSink<number>().sink)
          .uid("rows");
      },
      { parallelism: 3 },
    );
    expect(result).toMatchObject({
      state: "finished",
      records: 100,
      restarts: 0,
      checkpoints: 1,
      accumulators: { records: 100, sum: 5_050 },
    });
    const metrics = [0, 1, 2].map((subtask) => ({
      seen: result.metrics[`tally.${subtask}.seen`] as number,
      constant: result.metrics[`tally.${subtask}.constant`],
      values: result.metrics[`tally.${subtask}.values`],
      written: result.metrics[`rows.${subtask}.numRecordsIn`],
    }));
    expect(metrics.reduce((sum, { seen }) => sum + seen, 0)).toBe(100);
    for (const { seen, constant, values, written } of metrics) {
      expect({ constant, written }).toEqual({ constant: 42, written: seen });
      expect(values).toMatchObject({ count: seen });
    }
  });
});

/** Emits the running count per key, and throws once, at the `at`-th record of the first attempt. */
function failOnce(at: number, sink: CollectSink<string>): Build {
  let seen = 0;
  return (env) => {
    env
      .fromSequence(0, 4_999)
      .keyBy((n) => n % 7)
      .process({
        state: { count: valueState<number>("count") },
        processElement(n, ctx, out: Collector<string>) {
          seen += 1;
          if (seen === at) throw new Error(`record ${n}`);
          const count = (ctx.state.count.value() ?? 0) + 1;
          ctx.state.count.update(count);
          out.collect(`${n % 7} #${count}`);
        },
      })
      .uid("count")
      .sinkTo(sink.sink)
      .uid("rows");
  };
}

const counts = numbers(5_000)
  .map((n) => `${n % 7} #${Math.floor(n / 7) + 1}`)
  .toSorted();
const atOnce = restartStrategy.fixedDelay({ attempts: 2, delay: { milliseconds: 1 } });

describe("a failure of user code", () => {
  test.each([1, 3])("is forgotten after a restart at parallelism %i", async (parallelism) => {
    for (const at of [1, 700, 2_500, 4_999]) {
      const rows = collectSink<string>();
      const result = await runToEnd(failOnce(at, rows), {
        parallelism,
        restart: atOnce,
        checkpointing: { interval: { milliseconds: 1 } },
      });
      expect(result).toMatchObject({ state: "finished", restarts: 1 });
      expect(rows.values.toSorted()).toEqual(counts);
    }
  });

  test("fails the job for good without a restart strategy, and commits nothing of what was open", async () => {
    const rows = collectSink<string>();
    const events: JobEvent[] = [];
    const handle = await startJob(
      failOnce(700, rows),
      { checkpointing: false },
      { onEvent: (event) => void events.push(event) },
    );
    await expect(handle.result).rejects.toMatchObject({
      name: "JobError",
      code: "JOB_USER_CODE",
      message: "Error: record 699",
      where: { job: "job", operator: "keyed-process -> sink", subtask: 0 },
    });
    expect(handle.status().state).toBe("failed");
    expect(rows.values).toEqual([]);
    expect(events.at(-1)).toMatchObject({ kind: "failed", restartInMs: null });
  });

  test("fails the job when the restarts are used up", async () => {
    const events: JobEvent[] = [];
    const handle = await startJob(
      (env) => {
        env
          .fromSequence(0, 9)
          .map((): number => {
            throw new Error("always");
          })
          .sinkTo(listSink<number>().sink)
          .uid("rows");
      },
      { restart: atOnce },
      { onEvent: (event) => void events.push(event) },
    );
    await expect(handle.result).rejects.toMatchObject({ message: "Error: always" });
    const failures = events.flatMap((event) =>
      event.kind === "failed" ? [event.restartInMs] : [],
    );
    expect(failures).toEqual([1, 1, null]);
    expect(events.filter(({ kind }) => kind === "started")).toHaveLength(3);
  });

  test.each(["open", "close-and-map", "timer", "key", "filter"])(
    "in %s names the operator",
    async (place) => {
      const failing = runToEnd((env) => {
        env
          .fromSequence(0, 9)
          .filter((): boolean => {
            if (place === "filter") throw new Error("in filter");
            return true;
          })
          .keyBy((n) => {
            if (place === "key") throw new Error("in key");
            return n;
          })
          .process({
            open() {
              if (place === "open") throw new Error("in open");
            },
            processElement(n, ctx, out: Collector<number>) {
              if (place === "close-and-map") throw new Error("in close-and-map");
              ctx.timers.registerEventTimeTimer(5);
              out.collect(n);
            },
            onTimer() {
              throw new Error("in timer");
            },
            close() {
              throw new Error("in close, which must not hide the first");
            },
          })
          .uid("steps")
          .sinkTo(listSink<number>().sink)
          .uid("rows");
      });
      await expect(failing).rejects.toMatchObject({
        message: `Error: in ${place}`,
        where: { job: "job", operator: expect.any(String), subtask: 0 },
      });
    },
  );

  test("in the source fails the job with its message", async () => {
    const source = new ManualSource<number>();
    const reading = {
      describe: "breaking",
      boundedness: "bounded" as const,
      replayable: true,
      splitId: () => "manual",
      createEnumerator: source.createEnumerator.bind(source),
      createReader(context: Parameters<typeof source.createReader>[0]) {
        const reader = source.createReader(context);
        return {
          ...reader,
          start: () => context.fail(new Error("the disk is gone")),
        };
      },
    };
    const failing = runToEnd((env) => {
      env
        .fromSource(reading, WatermarkStrategy.noWatermarks(), "breaking")
        .sinkTo(listSink<number>().sink)
        .uid("rows");
    });
    await expect(failing).rejects.toThrow("the disk is gone");
  });

  test.each([
    { name: "in the periodic checkpoint", stop: false },
    { name: "in the checkpoint of a stop", stop: true },
  ])("in an enumerator's snapshot fails the job, $name", async ({ stop }) => {
    const handle = await startJob(
      (env) => {
        env
          .fromSource(
            {
              ...unlimited,
              createEnumerator: (context, state) => {
                const enumerator = unlimited.createEnumerator(context, state as never);
                return {
                  start: () => enumerator.start(),
                  handleSplitRequest: () => undefined,
                  addSplitsBack: () => undefined,
                  snapshot: () => {
                    throw new Error("no snapshot today");
                  },
                };
              },
            },
            WatermarkStrategy.noWatermarks(),
            "numbers",
          )
          .sinkTo(listSink<number>().sink)
          .uid("rows");
      },
      { checkpointing: { interval: stop ? { hours: 1 } : { milliseconds: 1 } } },
    );
    if (stop) await expect(handle.stop()).rejects.toMatchObject({ code: "JOB_CHECKPOINT_FAILED" });
    await expect(handle.result).rejects.toThrow("no snapshot today");
  });
});

test("a sink hears of the end of its input with the last flush", async () => {
  const flushes: boolean[] = [];
  const source = new ManualSource<number>();
  const handle = await startJob((env) => {
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
      .sinkTo({
        describe: "flushed",
        guarantee: "none",
        createWriter: () => ({
          write: () => undefined,
          flush: async (endOfInput) => void flushes.push(endOfInput),
        }),
      })
      .uid("rows");
  });
  await handle.savepoint();
  source.end();
  await handle.result;
  expect(flushes).toEqual([false, true]);
});
