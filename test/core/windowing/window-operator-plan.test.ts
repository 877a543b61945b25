// oxlint-disable typescript/no-explicit-any -- windows of many element and result types
import { describe, expect, test } from "vitest";
import {
  agg,
  aggregateOf,
  CountTrigger,
  EventTimeSessionWindows,
  EventTimeTrigger,
  GlobalWindows,
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
  windowOperator,
} from "../../../core/windowing/index.ts";
import type { WindowSpec } from "../../../core/windowing/index.ts";
import { WindowHarness } from "./harness.ts";

const ms = (milliseconds: number): { milliseconds: number } => ({ milliseconds });
const tumbling = TumblingEventTimeWindows.of(ms(10));
const sliding = SlidingEventTimeWindows.of(ms(10), ms(4), ms(1));
const sessions = EventTimeSessionWindows.withGap(ms(10));
const count = aggregateOf({ n: agg.count() });
const aggregated = { kind: "aggregate", aggregate: count, process: null, result: null } as const;
const noMerge = { createAccumulator: () => 0, add: () => 0, getResult: () => 0 };
const unmerged = { kind: "aggregate", aggregate: noMerge, process: null, result: null } as const;
const listed = { kind: "process", process: () => {} } as const;
const collected = aggregateOf({ all: agg.collect() });

function spec(assigner: any, more: Partial<WindowSpec> = {}): WindowSpec {
  const defaults = { trigger: null, allowedLatenessMs: 0, lateTag: null, function: aggregated };
  return { assigner, ...defaults, ...more };
}

const steps =
  (...offsets: number[]) =>
  (periodMs: number) => ({
    kind: "steps",
    steps: offsets.map((offsetMs) => ({ periodMs, offsetMs })),
  });
const every = { kind: "every" };

const table = [
  { name: "tumbling", spec: spec(tumbling), operator: "WindowOperator", steps: steps(9)(10) },
  {
    name: "tumbling with lateness",
    spec: spec(tumbling, { allowedLatenessMs: 13 }),
    operator: "WindowOperator",
    steps: steps(9, 2)(10),
  },
  {
    name: "tumbling with a lateness of its size",
    spec: spec(tumbling, { allowedLatenessMs: 20 }),
    operator: "WindowOperator",
    steps: steps(9)(10),
  },
  {
    name: "tumbling with a negative offset",
    spec: spec(TumblingEventTimeWindows.of(ms(10), ms(-3))),
    operator: "WindowOperator",
    steps: steps(6)(10),
  },
  {
    name: "tumbling with its own trigger given",
    spec: spec(tumbling, { trigger: EventTimeTrigger.create() }),
    operator: "WindowOperator",
    steps: steps(9)(10),
  },
  { name: "sliding", spec: spec(sliding), operator: "SlicedWindowOperator", steps: steps(2)(4) },
  {
    name: "sliding without merge",
    spec: spec(sliding, { function: unmerged }),
    operator: "WindowOperator",
    steps: steps(2)(4),
  },
  {
    name: "sliding where order counts",
    spec: spec(sliding, { function: { ...aggregated, aggregate: collected } }),
    operator: "WindowOperator",
    steps: steps(2)(4),
  },
  {
    name: "sliding with many panes and few windows an element",
    spec: spec(SlidingEventTimeWindows.of(ms(1000), ms(999))),
    operator: "WindowOperator",
    steps: steps(0)(999),
  },
  {
    name: "sliding with all elements",
    spec: spec(sliding, { function: listed }),
    operator: "WindowOperator",
    steps: every,
  },
  {
    name: "hopping",
    spec: spec(SlidingEventTimeWindows.of(ms(4), ms(10))),
    operator: "WindowOperator",
    steps: steps(3)(10),
  },
  { name: "session", spec: spec(sessions), operator: "SessionWindowOperator", steps: every },
  {
    name: "session with a trigger",
    spec: spec(sessions, { trigger: CountTrigger.of(2) }),
    operator: "TriggeredSessionOperator",
    steps: every,
  },
  {
    name: "tumbling with a trigger",
    spec: spec(tumbling, { trigger: CountTrigger.of(2) }),
    operator: "TriggeredWindowOperator",
    steps: every,
  },
  {
    name: "global",
    spec: spec(GlobalWindows.create()),
    operator: "TriggeredWindowOperator",
    steps: steps()(1),
  },
  {
    name: "processing time",
    spec: spec(TumblingProcessingTimeWindows.of(ms(10))),
    operator: "WindowOperator",
    steps: steps()(1),
  },
];

describe("the plan of a window", () => {
  for (const row of table) {
    test(`${row.name}: operator and watermark steps`, () => {
      expect(windowOperator(row.spec).watermarkSteps).toEqual(row.steps);
      expect(new WindowHarness(row.spec).operator.constructor.name).toBe(row.operator);
    });
  }

  test("names its parts and its state", () => {
    const plan = windowOperator(
      spec(tumbling, { trigger: CountTrigger.of(2), allowedLatenessMs: 60_000, lateTag: "late" }),
    );
    expect(plan.config).toEqual({
      assigner: "tumbling(10ms)",
      trigger: "count(2)",
      function: "aggregate",
      allowedLateness: "1m",
      lateOutput: "late",
    });
    expect(plan.states.map((state) => state.name)).toEqual(["window-contents", "trigger-count"]);
  });
});

describe("the plan refuses", () => {
  const trigger = { ...CountTrigger.of(2), describe: "mine", onElement: () => "CONTINUE" } as any;
  const refusals = [
    {
      name: "a negative lateness",
      spec: spec(tumbling, { allowedLatenessMs: -1 }),
      says: "(got -1)",
    },
    {
      name: "sessions of a function without merge",
      spec: spec(sessions, { function: unmerged }),
      says: "session(10ms) windows merge, but the aggregate function has no merge",
    },
    {
      name: "sessions with a trigger without onMerge",
      spec: spec(sessions, { trigger }),
      says: "the trigger mine has no onMerge",
    },
  ];
  for (const row of refusals) {
    test(row.name, () => expect(() => windowOperator(row.spec)).toThrow(row.says));
  }
});
