import { describe, expect, test } from "vitest";
import { type DataStream, StreamExecutionEnvironment } from "../../../core/api/index.ts";
import { collectionSource, printSink } from "../../../core/connector/index.ts";
import type { Transformation } from "../../../core/graph/transformation.ts";
import { type Collector, OutputTag } from "../../../core/operators/index.ts";
import { mapState, valueState } from "../../../core/state/index.ts";
import { WatermarkStrategy } from "../../../core/time/index.ts";
import { CountTrigger, TumblingEventTimeWindows, agg } from "../../../core/windowing/index.ts";

interface Order {
  readonly shop: string;
  readonly amount: number;
}

const late = new OutputTag<Order>("late");

/** The transformations that `build` describes. */
function described(build: (env: StreamExecutionEnvironment) => unknown): readonly Transformation[] {
  const env = new StreamExecutionEnvironment();
  build(env);
  return env.transformations;
}

/** The inputs of the newest transformation: `name.partitioning`, or `name:side.partitioning`. */
function inputs(build: (env: StreamExecutionEnvironment) => unknown): readonly string[] {
  const newest = described(build).at(-1);
  return (newest?.inputs ?? []).map(({ from, sideOutput, partitioning, input }) => {
    const side = sideOutput === null ? "" : `:${sideOutput}`;
    return `${input} ${from.name}${side} ${partitioning ?? "default"}`;
  });
}

const orders = (env: StreamExecutionEnvironment): DataStream<Order> =>
  env.fromCollection<Order>([]).name("orders");

describe("a stream", () => {
  const partitionings: [string, (stream: DataStream<Order>) => DataStream<Order>][] = [
    ["rebalance", (stream) => stream.rebalance()],
    ["rescale", (stream) => stream.rescale()],
    ["shuffle", (stream) => stream.shuffle()],
    ["broadcast", (stream) => stream.broadcast()],
    ["global", (stream) => stream.global()],
    ["forward", (stream) => stream.forward()],
    ["default", (stream) => stream],
  ];

  test.each(partitionings)("spreads its records by %s", (partitioning, spread) => {
    expect(inputs((env) => spread(orders(env)).print())).toEqual([`0 orders ${partitioning}`]);
  });

  test("reads all streams of a union, each as it is spread", () => {
    const build = (env: StreamExecutionEnvironment): unknown => {
      const more = env.fromCollection<Order>([]).name("more");
      return orders(env)
        .rebalance()
        .union(
          more,
          more.map((order) => order),
        )
        .print();
    };
    expect(inputs(build)).toEqual(["0 orders rebalance", "0 more default", "0 map default"]);
  });

  test("reads side outputs by the id of their tag", () => {
    const build = (env: StreamExecutionEnvironment): unknown =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .window(TumblingEventTimeWindows.of({ hours: 1 }))
        .sideOutputLateData(late)
        .sum("amount")
        .getSideOutput(late)
        .print();
    expect(inputs(build)).toEqual(["0 window:late default"]);
  });

  test("connects its inputs as 0 and 1", () => {
    const build = (env: StreamExecutionEnvironment): unknown => {
      const limits = env.fromCollection([1]).name("limits").broadcast(mapState("limits"));
      return orders(env)
        .keyBy(({ shop }) => shop)
        .connect(limits)
        .process({ processElement() {}, processBroadcastElement() {} });
    };
    expect(inputs(build)).toEqual(["0 orders hash", "1 limits broadcast"]);
  });

  test("keeps what is set on its operator", () => {
    const [, map] = described((env) =>
      orders(env)
        .map(({ shop }) => shop)
        .uid("shops")
        .name("the shops")
        .setParallelism(3)
        .setMaxParallelism(64)
        .slotSharingGroup("slow")
        .setBufferTimeout({ seconds: 1 })
        .startNewChain(),
    );
    expect(map).toMatchObject({
      kind: "map",
      uid: "shops",
      name: "the shops",
      parallelism: 3,
      maxParallelism: 64,
      slotSharingGroup: "slow",
      bufferTimeoutMs: 1_000,
      chaining: "head",
    });
    const [, sink] = described((env) => orders(env).print("all").uid("out").disableChaining());
    expect(sink).toMatchObject({
      kind: "sink",
      uid: "out",
      chaining: "never",
      config: { sink: "print(all)" },
    });
  });

  test("describes itself to the plan: what is keyed, what sees the watermark, which state it has", () => {
    const transformations = described((env) => {
      const keyed = orders(env).keyBy(({ shop }) => shop);
      keyed.process({
        state: { seen: valueState<number>("seen") },
        processElement() {},
      });
      keyed.sum("amount");
      keyed.window(TumblingEventTimeWindows.of({ hours: 1 })).aggregate({ n: agg.count() });
      orders(env).map((order) => order);
      orders(env).process({ processElement() {} });
    });
    const shown = transformations
      .filter(({ kind }) => kind !== "source")
      .map(({ kind, keyed, watermarkSteps, implementation }) => {
        const states = implementation.kind === "operator" ? implementation.states : [];
        return [kind, keyed, watermarkSteps?.kind ?? null, states.map(({ name }) => name)];
      });
    expect(shown).toEqual([
      ["keyed-process", true, "every", ["seen"]],
      ["sum", true, null, ["rolling"]],
      ["window", true, "steps", expect.arrayContaining([expect.any(String)])],
      ["map", false, null, []],
      ["process", false, "every", []],
    ]);
  });
});

describe("sources", () => {
  test("of a collection have one subtask", () => {
    const [source] = described((env) => env.fromCollection([1, 2]));
    expect(source).toMatchObject({ kind: "source", parallelism: 1, name: "collection" });
    expect(() => described((env) => env.fromCollection([1]).setParallelism(2))).toThrow(
      expect.objectContaining({ code: "PLAN_PARALLELISM" }),
    );
  });

  test("carry their description and their watermarks for explain", () => {
    const [source] = described((env) =>
      env.fromSource(
        collectionSource([1]),
        WatermarkStrategy.forBoundedOutOfOrderness({ hours: 30 }),
        "numbers",
      ),
    );
    expect(source).toMatchObject({
      name: "numbers",
      parallelism: null,
      config: { source: "collection(1 value)", watermarks: "bounded-out-of-orderness(1d6h)" },
    });
  });

  test("of a collection give records the timestamps of an option", () => {
    const [source] = described((env) =>
      env.fromCollection([{ at: 5 }], { timestamp: ({ at }) => at }),
    );
    const implementation = source?.implementation;
    if (implementation?.kind !== "source") throw new Error("a source");
    expect(implementation.watermarks.timestamp?.({ at: 5 }, 0)).toBe(5);
    expect(implementation.watermarks.createGenerator).toBeNull();
  });
});

describe("dead letters", () => {
  test("have one sink, which is one of the transformations", () => {
    const env = new StreamExecutionEnvironment();
    expect(env.deadLetterSink).toBeNull();
    env.deadLetterTo(printSink()).uid("dead");
    expect(env.transformations).toEqual([env.deadLetterSink]);
    expect(env.deadLetterSink).toMatchObject({ uid: "dead", inputs: [] });
    expect(() => env.deadLetterTo(printSink())).toThrow(
      expect.objectContaining({ code: "PLAN_DEAD_LETTERS" }),
    );
  });
});

/** What callers without types may get wrong. */
type Wrong = never;

const wrong: [string, string, (env: StreamExecutionEnvironment) => unknown][] = [
  ["map without a function", "PLAN_FUNCTION", (env) => orders(env).map(1 as Wrong)],
  ["filter without a function", "PLAN_FUNCTION", (env) => orders(env).filter({} as Wrong)],
  ["flatMap without a function", "PLAN_FUNCTION", (env) => orders(env).flatMap("f" as Wrong)],
  ["keyBy with a field", "PLAN_FUNCTION", (env) => orders(env).keyBy("shop" as Wrong)],
  [
    "reduce without a function",
    "PLAN_FUNCTION",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .reduce(null as Wrong),
  ],
  [
    "process with an arrow function",
    "PLAN_FUNCTION",
    (env) => orders(env).process(((_order: Order) => {}) as unknown as Wrong),
  ],
  [
    "process without processElement",
    "PLAN_FUNCTION",
    (env) => orders(env).process({ onTimer() {} } as unknown as Wrong),
  ],
  [
    "process with state that is no descriptor",
    "PLAN_STATE",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .process({ state: { n: 0 } as Wrong, processElement() {} }),
  ],
  [
    "process with two states of one name",
    "PLAN_DUPLICATE_STATE",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .process({ state: { a: valueState("n"), b: valueState("n") }, processElement() {} }),
  ],
  [
    "state without key",
    "PLAN_NOT_KEYED",
    (env) => orders(env).process({ state: { n: valueState("n") }, processElement() {} } as Wrong),
  ],
  [
    "a window without key",
    "PLAN_NOT_KEYED",
    (env) => orders(env).window(TumblingEventTimeWindows.of({ hours: 1 }) as Wrong),
  ],
  [
    "a window of something else",
    "PLAN_ARGUMENT",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .window({ hours: 1 } as Wrong),
  ],
  [
    "a trigger of something else",
    "PLAN_ARGUMENT",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .window(TumblingEventTimeWindows.of({ hours: 1 }))
        .trigger(CountTrigger as Wrong),
  ],
  [
    "an aggregate of something else",
    "PLAN_FUNCTION",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .window(TumblingEventTimeWindows.of({ hours: 1 }))
        .aggregate("count" as Wrong),
  ],
  [
    "a process window function without process",
    "PLAN_FUNCTION",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .window(TumblingEventTimeWindows.of({ hours: 1 }))
        .process({} as Wrong),
  ],
  [
    "a lateness that is no duration",
    "USAGE_DURATION",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .window(TumblingEventTimeWindows.of({ hours: 1 }))
        .allowedLateness(5 as Wrong),
  ],
  [
    "a sum of no field",
    "PLAN_ARGUMENT",
    (env) =>
      orders(env)
        .keyBy(() => 1)
        .sum(0 as Wrong),
  ],
  ["a sink of something else", "PLAN_CONNECTOR", (env) => orders(env).sinkTo("out" as Wrong)],
  [
    "a source of something else",
    "PLAN_CONNECTOR",
    (env) => env.fromSource("in" as Wrong, WatermarkStrategy.noWatermarks(), "in"),
  ],
  [
    "a source without a strategy",
    "PLAN_ARGUMENT",
    (env) => env.fromSource(collectionSource([1]), "none" as Wrong, "in"),
  ],
  [
    "a source without a name",
    "PLAN_INVALID_NAME",
    (env) => env.fromSource(collectionSource([1]), WatermarkStrategy.noWatermarks(), ""),
  ],
  ["a collection that is none", "PLAN_ARGUMENT", (env) => env.fromCollection(5 as Wrong)],
  ["a uid that is no name", "PLAN_INVALID_UID", (env) => env.fromSequence(1, 2).uid("a b")],
  ["an empty name", "PLAN_INVALID_NAME", (env) => env.fromSequence(1, 2).name("")],
  ["a parallelism of 0", "PLAN_PARALLELISM", (env) => env.fromSequence(1, 2).setParallelism(0)],
  [
    "a parallelism of 1.5",
    "PLAN_PARALLELISM",
    (env) => env.fromSequence(1, 2).setMaxParallelism(1.5),
  ],
  ["a union with no stream", "PLAN_ARGUMENT", (env) => orders(env).union([] as Wrong)],
  [
    "a keyed stream connected with an unkeyed one",
    "PLAN_ARGUMENT",
    (env) =>
      orders(env)
        .keyBy(({ shop }) => shop)
        .connect(orders(env) as Wrong),
  ],
  [
    "streams of two environments",
    "PLAN_OTHER_ENVIRONMENT",
    (env) => orders(env).union(orders(new StreamExecutionEnvironment())),
  ],
  [
    "broadcast state that is no map",
    "PLAN_STATE",
    (env) => orders(env).broadcast(valueState("n") as Wrong),
  ],
  [
    "a side output by name",
    "PLAN_ARGUMENT",
    (env) => env.fromSequence(1, 2).getSideOutput("late" as Wrong),
  ],
  ["a tag that is no name", "PLAN_OUTPUT_TAG", () => new OutputTag("")],
  [
    "an operator of one's own without create",
    "PLAN_FUNCTION",
    (env) => orders(env).transform("own", {} as Wrong),
  ],
];

describe("a plan error", () => {
  test.each(wrong)("names %s (%s)", (_name, code, build) => {
    expect(() => described(build)).toThrow(
      expect.objectContaining({ code, hint: expect.any(String) as unknown }),
    );
  });

  test("shows the value that was given", () => {
    expect(() => described((env) => orders(env).map(5 as Wrong))).toThrow(
      "map takes a function (got 5)",
    );
  });
});

test("an object of a process function may be shared by streams", () => {
  const shared = {
    processElement(order: Order, _ctx: unknown, out: Collector<Order>): void {
      out.collect(order);
    },
  };
  const transformations = described((env) => {
    orders(env).process(shared);
    orders(env).process(shared);
  });
  expect(transformations.map(({ kind }) => kind)).toEqual([
    "source",
    "process",
    "source",
    "process",
  ]);
});
