import { describe, expect, test } from "vitest";
import {
  type Collector,
  type DataStream,
  OutputTag,
  type ProcessContext,
  type ProcessFunction,
  type RuntimeContext,
  collectSink,
  listState,
  mapState,
  valueState,
} from "../../../index.ts";
import { type Build, numbers, runToEnd, sorted } from "./harness.ts";

const parallelisms = [1, 2, 3] as const;

describe.each(parallelisms)("streams of an embedded job at parallelism %i", (parallelism) => {
  const run = (build: Build): Promise<unknown> => runToEnd(build, { parallelism });

  test("union has every record of its streams once", async () => {
    const rows = collectSink<number>();
    await run((env) => {
      const [first, second, third] = [
        env.fromSequence(0, 999),
        env.fromSequence(1_000, 1_499),
        env.fromCollection(numbers(100, 1_500)),
      ];
      first
        .union(second, third.rebalance())
        .map((n) => n * 2)
        .sinkTo(rows.sink)
        .uid("rows");
    });
    expect(sorted(rows.values)).toEqual(numbers(1_600).map((n) => n * 2));
  });

  test("two sources and two sinks in one job keep their records apart", async () => {
    const [evens, odds] = [collectSink<number>(), collectSink<number>()];
    await run((env) => {
      env
        .fromSequence(0, 99)
        .map((n) => n * 2)
        .sinkTo(evens.sink)
        .uid("evens");
      env
        .fromSequence(0, 99)
        .map((n) => n * 2 + 1)
        .sinkTo(odds.sink)
        .uid("odds");
    });
    expect(sorted(evens.values)).toEqual(numbers(100).map((n) => n * 2));
    expect(sorted(odds.values)).toEqual(numbers(100).map((n) => n * 2 + 1));
  });

  test("an empty input finishes with empty results", async () => {
    const rows = collectSink<number>();
    await run((env) => {
      env
        .fromCollection<number>([])
        .keyBy((n) => n)
        .reduce((a, b) => a + b)
        .uid("sum")
        .sinkTo(rows.sink)
        .uid("rows");
    });
    expect(rows.values).toEqual([]);
  });

  test("keyed connected streams share the state of a key", async () => {
    const rows = collectSink<string>();
    await run((env) => {
      env
        .fromSequence(0, 299)
        .keyBy((n) => n % 50)
        .connect(env.fromCollection(numbers(50)).keyBy((key) => key))
        .process({
          state: { waiting: listState<number>("waiting"), name: valueState<string>("name") },
          processElement1(n, ctx, out: Collector<string>) {
            const name = ctx.state.name.value();
            if (name === null) ctx.state.waiting.add(n);
            else out.collect(`${name}:${n}`);
          },
          processElement2(key, ctx, out) {
            ctx.state.name.update(`key ${key}`);
            for (const n of ctx.state.waiting.get()) out.collect(`key ${key}:${n}`);
            ctx.state.waiting.clear();
          },
        })
        .uid("join")
        .sinkTo(rows.sink)
        .uid("rows");
    });
    const expected = numbers(300).map((n) => `key ${n % 50}:${n}`);
    expect(rows.values.toSorted()).toEqual(expected.toSorted());
  });

  test("connected streams without key map each side", async () => {
    const rows = collectSink<string>();
    await run((env) => {
      env
        .fromSequence(0, 9)
        .connect(env.fromCollection(["a", "b"]))
        .map(
          (n) => `number ${n}`,
          (letter) => `letter ${letter}`,
        )
        .sinkTo(rows.sink)
        .uid("rows");
    });
    const expected = [...numbers(10).map((n) => `number ${n}`), "letter a", "letter b"];
    expect(rows.values.toSorted()).toEqual(expected.toSorted());
  });

  test("every subtask reads what the broadcast side wrote", async () => {
    const rows = collectSink<string>();
    const factors = mapState<string, number>("factors");
    await run((env) => {
      const updates = env.fromCollection([["even", 2] as const, ["odd", 3] as const]);
      env
        .fromSequence(0, 199)
        .keyBy((n) => n)
        .connect(updates.broadcast(factors))
        .process({
          state: { waiting: valueState<number>("waiting") },
          processElement(n, ctx, out: Collector<string>) {
            const factor = ctx.getBroadcastState(factors).get(n % 2 === 0 ? "even" : "odd");
            if (factor !== null) return out.collect(`${n}*${factor}`);
            ctx.state.waiting.update(n);
            ctx.timers.registerEventTimeTimer(0);
          },
          onTimer(_timestamp, ctx, out) {
            const n = ctx.state.waiting.value() ?? NaN;
            out.collect(`${n}*${ctx.getBroadcastState(factors).get(n % 2 === 0 ? "even" : "odd")}`);
          },
          processBroadcastElement([name, factor], ctx) {
            ctx.getBroadcastState(factors).put(name, factor);
          },
        })
        .uid("multiply")
        .sinkTo(rows.sink)
        .uid("rows");
    });
    const expected = numbers(200).map((n) => `${n}*${n % 2 === 0 ? 2 : 3}`);
    expect(rows.values.toSorted()).toEqual(expected.toSorted());
  });

  test("side outputs reach their own sinks, chained or over an edge", async () => {
    const [main, odd, large] = [
      collectSink<number>(),
      collectSink<number>(),
      collectSink<number>(),
    ];
    const oddTag = new OutputTag<number>("odd");
    const largeTag = new OutputTag<number>("large");
    const unreadTag = new OutputTag<number>("unread");
    await run((env) => {
      const split = env.fromSequence(0, 99).process({
        processElement(n, ctx, out: Collector<number>) {
          if (n % 2 === 1) ctx.output(oddTag, n);
          if (n >= 90) ctx.output(largeTag, n);
          ctx.output(unreadTag, n);
          out.collect(n);
        },
      });
      split.sinkTo(main.sink).uid("main");
      split.getSideOutput(oddTag).sinkTo(odd.sink).uid("odd");
      split.getSideOutput(largeTag).rebalance().sinkTo(large.sink).uid("large");
    });
    expect(sorted(main.values)).toEqual(numbers(100));
    expect(sorted(odd.values)).toEqual(numbers(100).filter((n) => n % 2 === 1));
    expect(sorted(large.values)).toEqual(numbers(10, 90));
  });
});

interface Hop {
  readonly n: number;
  readonly from: number;
  readonly to: number;
}

/** Notes the subtask that a record is at. */
abstract class Tracker {
  protected subtask = -1;

  open(runtime: RuntimeContext): void {
    this.subtask = runtime.subtask;
  }
}

class Departure extends Tracker implements ProcessFunction<number, Hop> {
  processElement(n: number, _ctx: ProcessContext, out: Collector<Hop>): void {
    out.collect({ n, from: this.subtask, to: -1 });
  }
}

class Arrival extends Tracker implements ProcessFunction<Hop, Hop> {
  processElement(hop: Hop, _ctx: ProcessContext, out: Collector<Hop>): void {
    out.collect({ ...hop, to: this.subtask });
  }
}

const RECORDS = 1_200;

/** Sends numbers from `up` subtasks to `down` subtasks. */
async function hops(
  up: number,
  down: number,
  partition: (stream: DataStream<Hop>) => DataStream<Hop>,
): Promise<readonly Hop[]> {
  const rows = collectSink<Hop>();
  await runToEnd((env) => {
    const departed = env
      .fromSequence(0, RECORDS - 1)
      .setParallelism(up)
      .process(Departure)
      .setParallelism(up);
    partition(departed)
      .process(Arrival)
      .setParallelism(down)
      .sinkTo(rows.sink)
      .setParallelism(down)
      .uid("rows");
  });
  return rows.values;
}

function count(rows: readonly Hop[], where: (hop: Hop) => boolean): number {
  return rows.filter(where).length;
}

describe("a partitioner", () => {
  const shapes = [
    { up: 1, down: 1 },
    { up: 1, down: 3 },
    { up: 2, down: 4 },
    { up: 4, down: 2 },
    { up: 3, down: 1 },
    { up: 2, down: 3 },
  ];

  test.each(shapes)("rebalance spreads evenly from $up to $down", async ({ up, down }) => {
    const rows = await hops(up, down, (stream) => stream.rebalance());
    expect(sorted(rows.map(({ n }) => n))).toEqual(numbers(RECORDS));
    for (const from of numbers(up)) {
      const sent = numbers(down).map((to) =>
        count(rows, (hop) => hop.from === from && hop.to === to),
      );
      expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(1);
    }
  });

  test.each(shapes)(
    "rescale reaches near subtasks only, from $up to $down",
    async ({ up, down }) => {
      const rows = await hops(up, down, (stream) => stream.rescale());
      expect(sorted(rows.map(({ n }) => n))).toEqual(numbers(RECORDS));
      const pairs = new Set(rows.map(({ from, to }) => `${from}-${to}`));
      expect(pairs.size).toBe(Math.max(up, down));
      const used = new Set(rows.map(({ to }) => to));
      expect(used.size).toBe(down);
    },
  );

  test.each(shapes)("shuffle loses nothing from $up to $down", async ({ up, down }) => {
    const rows = await hops(up, down, (stream) => stream.shuffle());
    expect(sorted(rows.map(({ n }) => n))).toEqual(numbers(RECORDS));
    expect(new Set(rows.map(({ to }) => to)).size).toBe(down);
  });

  test.each(shapes)("broadcast reaches all of $down subtasks from $up", async ({ up, down }) => {
    const rows = await hops(up, down, (stream) => stream.broadcast());
    for (const to of numbers(down)) {
      const received = rows.filter((hop) => hop.to === to).map(({ n }) => n);
      expect(sorted(received)).toEqual(numbers(RECORDS));
    }
  });

  test.each(shapes)("global reaches the first of $down subtasks from $up", async ({ up, down }) => {
    const rows = await hops(up, down, (stream) => stream.global());
    expect(sorted(rows.map(({ n }) => n))).toEqual(numbers(RECORDS));
    expect(count(rows, (hop) => hop.to !== 0)).toBe(0);
  });

  test.each([1, 3])("forward keeps the subtask at parallelism %i", async (parallelism) => {
    const rows = await hops(parallelism, parallelism, (stream) => stream.forward());
    expect(sorted(rows.map(({ n }) => n))).toEqual(numbers(RECORDS));
    expect(count(rows, (hop) => hop.from !== hop.to)).toBe(0);
    expect(new Set(rows.map(({ from }) => from)).size).toBe(parallelism);
  });

  test("keeps the order of the records of one sender and one receiver", async () => {
    const rows = await hops(2, 3, (stream) => stream.rebalance());
    for (const from of numbers(2)) {
      for (const to of numbers(3)) {
        const received = rows.filter((hop) => hop.from === from && hop.to === to).map(({ n }) => n);
        expect(received).toEqual(sorted(received));
      }
    }
  });
});
