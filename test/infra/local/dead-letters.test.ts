import { describe, expect, test } from "vitest";
import {
  type Collector,
  type DataStream,
  type DeadLetter,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  collectSink,
  collectionSource,
  mapState,
  valueState,
} from "../../../index.ts";
import { type Build, listSink, numbers, runToEnd, sorted } from "./harness.ts";

interface Reading {
  readonly key: string;
  readonly n: number;
  readonly bad: boolean;
}

/** Every tenth reading is bad. */
const readings: readonly Reading[] = numbers(100).map((n) => ({
  key: `key-${n % 3}`,
  n,
  bad: n % 10 === 7,
}));
const good = readings.filter(({ bad }) => !bad);

/** Counts each key, then refuses bad readings in an operator behind the one with the state. */
function countThenCheck(stream: DataStream<Reading>): DataStream<string> {
  return stream
    .keyBy(({ key }) => key)
    .process({
      state: { count: valueState<number>("count") },
      processElement(reading, ctx, out: Collector<Reading & { readonly count: number }>) {
        const count = (ctx.state.count.value() ?? 0) + 1;
        ctx.state.count.update(count);
        out.collect({ ...reading, count });
      },
    })
    .uid("count")
    .map((reading) => {
      if (reading.bad) throw new RangeError(`reading ${reading.n} is bad`);
      return `${reading.key} #${reading.count}: ${reading.n}`;
    })
    .uid("check");
}

/** What `countThenCheck` makes of good readings, as if there were no others. */
function expectedCounts(): readonly string[] {
  const counts = new Map<string, number>();
  return good.map(({ key, n }) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return `${key} #${count}: ${n}`;
  });
}

describe.each([1, 3])("dead letters at parallelism %i", (parallelism) => {
  const run = (build: Build): Promise<unknown> => runToEnd(build, { parallelism });

  test("take exactly the refused records, whose state is rolled back", async () => {
    const rows = collectSink<string>();
    const letters = collectSink<DeadLetter>();
    await run((env) => {
      countThenCheck(env.fromCollection(readings)).sinkTo(rows.sink).uid("rows");
      env.deadLetterTo(letters.sink).uid("letters");
    });
    expect(rows.values.toSorted()).toEqual(expectedCounts().toSorted());
    const bad = readings.filter((reading) => reading.bad);
    expect(letters.values).toHaveLength(bad.length);
    for (const reading of bad) {
      expect(letters.values).toContainEqual({
        operator: "check",
        subtask: expect.any(Number),
        position: "input 0",
        value: reading,
        timestamp: null,
        error: { name: "RangeError", message: `reading ${reading.n} is bad`, code: null },
      });
    }
  });

  test("take back what a record emitted and which timers it set before it was refused", async () => {
    const rows = collectSink<string>();
    const letters = collectSink<DeadLetter>();
    await run((env) => {
      env
        .fromCollection(readings)
        .keyBy(({ key }) => key)
        .process({
          processElement(reading, ctx, out: Collector<string>) {
            out.collect(`first ${reading.n}`);
            ctx.timers.registerEventTimeTimer(reading.n);
            if (reading.bad) throw new Error("bad");
            out.collect(`second ${reading.n}`);
          },
          onTimer(timestamp, _ctx, out) {
            out.collect(`timer ${timestamp}`);
          },
        })
        .uid("pairs")
        .rebalance()
        .sinkTo(rows.sink)
        .uid("rows");
      env.deadLetterTo(letters.sink).uid("letters");
    });
    const expected = good.flatMap(({ n }) => [`first ${n}`, `second ${n}`, `timer ${n}`]);
    expect(rows.values.toSorted()).toEqual(expected.toSorted());
    expect(letters.values).toHaveLength(10);
  });

  test("leave what timers emitted into a chained sink, also when the next record is refused", async () => {
    const rows = listSink<string>();
    const letters = collectSink<DeadLetter>();
    await run((env) => {
      env
        .fromSource(
          collectionSource(readings),
          WatermarkStrategy.forGenerator(
            () => ({
              onEvent: ({ n }, _timestamp, output) => output.emit(n - 1),
              onPeriodicEmit: () => undefined,
            }),
            { timestamp: ({ n }) => n },
          ),
          "readings",
        )
        .assignTimestampsAndWatermarks(
          WatermarkStrategy.forGenerator(
            () => ({
              onEvent: ({ n }, _timestamp, output) => output.emit(n - 1),
              onPeriodicEmit: () => undefined,
            }),
            { timestamp: ({ n }) => n },
          ),
        )
        .keyBy(() => 0)
        .process({
          processElement(reading, ctx) {
            if (reading.bad) throw new Error("bad");
            ctx.timers.registerEventTimeTimer(reading.n);
          },
          onTimer(timestamp, _ctx, out: Collector<string>) {
            out.collect(`timer ${timestamp}`);
          },
        })
        .uid("timers")
        .sinkTo(rows.sink)
        .uid("rows");
      env.deadLetterTo(letters.sink).uid("letters");
    });
    expect(rows.values.toSorted()).toEqual(good.map(({ n }) => `timer ${n}`).toSorted());
    expect(letters.values).toHaveLength(10);
  });

  test("keep refused records out of windows, and fire the windows of the others", async () => {
    const rows = collectSink<{ readonly start: number; readonly sum: number }>();
    const letters = collectSink<DeadLetter>();
    await run((env) => {
      env
        .fromCollection(readings, { timestamp: ({ n }) => n })
        .keyBy(() => "all")
        .window(TumblingEventTimeWindows.of({ milliseconds: 20 }))
        .aggregate(
          {
            sum: agg.sum((reading: Reading) => {
              if (reading.bad) throw new Error("bad");
              return reading.n;
            }),
          },
          (_key, window, { sum }) => ({ start: window.start, sum }),
        )
        .uid("sums")
        .sinkTo(rows.sink)
        .uid("rows");
      env.deadLetterTo(letters.sink).uid("letters");
    });
    const expected = [0, 20, 40, 60, 80].map((start) => ({
      start,
      sum: good.filter(({ n }) => n >= start && n < start + 20).reduce((sum, { n }) => sum + n, 0),
    }));
    expect(rows.values.toSorted((a, b) => a.start - b.start)).toEqual(expected);
    expect(letters.values).toHaveLength(10);
  });

  test("roll back broadcast state", async () => {
    const rows = collectSink<string>();
    const letters = collectSink<DeadLetter>();
    const rules = mapState<string, number>("rules");
    await run((env) => {
      env
        .fromCollection(["probe"])
        .keyBy((name) => name)
        .connect(env.fromCollection([1, 2, 3]).broadcast(rules))
        .process({
          processElement(_name, ctx) {
            ctx.timers.registerEventTimeTimer(0);
          },
          onTimer(_timestamp, ctx, out: Collector<string>) {
            out.collect([...ctx.getBroadcastState(rules).entries()].join(" "));
          },
          processBroadcastElement(n, ctx) {
            ctx.getBroadcastState(rules).put("last", n);
            if (n === 3) throw new Error("bad");
          },
        })
        .uid("probe")
        .sinkTo(rows.sink)
        .uid("rows");
      env.deadLetterTo(letters.sink).uid("letters");
    });
    expect(rows.values).toEqual(["last,2"]);
    expect(letters.values).toHaveLength(parallelism);
  });
});

describe("a record that user code throws at", () => {
  test("is named by its place in the source when the operator is chained to it", async () => {
    const letters = collectSink<DeadLetter>();
    const rows = collectSink<number>();
    await runToEnd((env) => {
      env
        .fromCollection(numbers(20))
        .map((n) => {
          if (n === 13) throw new Error("unlucky");
          return n;
        })
        .uid("superstition")
        .sinkTo(rows.sink)
        .uid("rows");
      env.deadLetterTo(letters.sink).uid("letters");
    });
    expect(letters.values).toMatchObject([
      { operator: "superstition", position: "record 13 of collection", value: 13 },
    ]);
    expect(sorted(rows.values)).toEqual(numbers(20).filter((n) => n !== 13));
  });

  test("fails the job with its place when there are no dead letters", async () => {
    const failing = runToEnd((env) => {
      countThenCheck(env.fromCollection(readings)).sinkTo(listSink<string>().sink).uid("rows");
    });
    await expect(failing).rejects.toMatchObject({
      name: "JobError",
      code: "JOB_USER_CODE",
      message: "RangeError: reading 7 is bad",
      where: { job: "job", operator: "keyed-process -> map -> sink", subtask: 0 },
    });
  });

  test("fails the job with its place in the source when there are no dead letters", async () => {
    const failing = runToEnd((env) => {
      env
        .fromCollection(numbers(20))
        .map((n) => {
          if (n === 13) throw new Error("unlucky");
          return n;
        })
        .sinkTo(listSink<number>().sink)
        .uid("rows");
    });
    await expect(failing).rejects.toMatchObject({
      code: "JOB_USER_CODE",
      where: { job: "job", subtask: 0, position: "record 13 of collection" },
    });
  });

  test("fails the job when it is a sink that refuses it: its effects cannot be undone", async () => {
    const failing = runToEnd((env) => {
      env
        .fromCollection(numbers(3))
        .sinkTo({
          describe: "refusing",
          guarantee: "none",
          createWriter: () => ({
            write(n) {
              if (n === 1) throw new Error("no ones");
            },
          }),
        })
        .uid("refusing");
      env.deadLetterTo(listSink<DeadLetter>().sink).uid("letters");
    });
    await expect(failing).rejects.toMatchObject({
      code: "JOB_USER_CODE",
      message: "Error: no ones",
      where: { job: "job", subtask: 0, position: "record 1 of collection" },
    });
  });
});
