// oxlint-disable typescript/no-explicit-any -- windows of many element and result types
import { describe, expect, test } from "vitest";
import { reducingState, valueState } from "../../../core/state/index.ts";
import { MAX_TIMESTAMP, MAX_WATERMARK, NO_TIMESTAMP } from "../../../core/timestamp.ts";
import {
  agg,
  aggregateOf,
  ContinuousEventTimeTrigger,
  CountTrigger,
  EventTimeSessionWindows,
  EventTimeTrigger,
  GlobalWindows,
  ProcessingTimeSessionWindows,
  PurgingTrigger,
  SlidingEventTimeWindows,
  SlidingProcessingTimeWindows,
  TimeWindow,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
} from "../../../core/windowing/index.ts";
import type {
  ProcessWindowContext,
  ProcessWindowHandler,
  Trigger,
  WindowAssigner,
  WindowCollector,
  WindowFunctionSpec,
  WindowSpec,
} from "../../../core/windowing/index.ts";
import { KEYS_PER_FIRING } from "../../../core/windowing/window-operator.ts";
import { budgetOf, WindowHarness } from "./harness.ts";

const ms = (milliseconds: number): { milliseconds: number } => ({ milliseconds });

const joined: WindowFunctionSpec = {
  kind: "reduce",
  reduce: (left: string, right: string) => left + right,
  process: null,
};

function spec(assigner: any, more: Partial<WindowSpec> = {}): WindowSpec {
  return {
    assigner,
    trigger: null,
    allowedLatenessMs: 0,
    lateTag: null,
    function: joined,
    ...more,
  };
}

function harness(assigner: any, more: Partial<WindowSpec> = {}): WindowHarness {
  return new WindowHarness(spec(assigner, more));
}

const tumbling = TumblingEventTimeWindows.of(ms(10));
const sessions = EventTimeSessionWindows.withGap(ms(10));

describe("event time", () => {
  test("a window fires when the watermark reaches its last instant, with that timestamp", () => {
    const window = harness(tumbling);
    window.send("k", "a", 3);
    window.watermark(8);
    expect(window.take()).toEqual([]);
    window.watermark(9);
    expect(window.take()).toEqual([{ value: "a", timestamp: 9 }]);
  });

  test("late elements are counted when nobody reads them", () => {
    const window = harness(tumbling);
    window.watermark(9);
    window.send("k", "late", 9);
    window.send("k", "in time", 10);
    expect(window.lateDropped).toBe(1);
    expect(window.takeSide()).toEqual([]);
  });

  test("an element between hopping windows is in none, and not late", () => {
    const hopping = SlidingEventTimeWindows.of(ms(2), ms(10));
    const window = harness(hopping, { lateTag: "late" });
    window.watermark(50);
    window.send("k", "gap", 5);
    window.send("k", "late", 1);
    expect(window.takeSide()).toEqual([{ tag: "late", value: "late", timestamp: 1 }]);
    expect(window.lateDropped).toBe(0);
  });

  test("the largest lateness keeps windows for ever, without a timer at the end of time", () => {
    const window = harness(tumbling, { allowedLatenessMs: MAX_TIMESTAMP });
    window.send("k", "a", 3);
    window.watermark(MAX_WATERMARK - 1);
    window.send("k", "b", 4);
    expect(window.values()).toEqual(["a", "ab"]);
    expect(window.openNamespaces).toBe(1);
  });

  test("records without event time are refused", () => {
    for (const assigner of [tumbling, sessions, SlidingEventTimeWindows.of(ms(10), ms(5))]) {
      const window = harness(assigner);
      expect(() => window.send("k", "a", NO_TIMESTAMP)).toThrow("without event time");
    }
  });

  test("sessions that touch become one, and a touched session's timer means nothing", () => {
    const window = harness(sessions);
    window.send("k", "a", 0);
    window.send("k", "c", 20);
    window.send("k", "b", 10);
    window.watermark(28);
    expect(window.take()).toEqual([]);
    window.watermark(29);
    expect(window.take()).toEqual([{ value: "acb", timestamp: 29 }]);
    expect(window.state.keyed.size).toBe(0);
  });
});

describe("processing time", () => {
  const table = [
    { name: "tumbling", assigner: TumblingProcessingTimeWindows.of(ms(10)), expected: ["ab"] },
    {
      name: "sliding",
      assigner: SlidingProcessingTimeWindows.of(ms(10), ms(5)),
      expected: ["a", "ab", "b"],
    },
    { name: "session", assigner: ProcessingTimeSessionWindows.withGap(ms(10)), expected: ["ab"] },
  ];
  for (const row of table) {
    test(`${row.name} windows fire by the clock, never at the end of the input`, () => {
      const window = harness(row.assigner);
      window.processingTime(1);
      window.send("k", "a", NO_TIMESTAMP);
      window.processingTime(6);
      window.send("k", "b", NO_TIMESTAMP);
      const before = window.values();
      window.watermark(MAX_WATERMARK);
      expect(window.take()).toEqual([]);
      window.processingTime(100);
      expect([...before, ...window.values()]).toEqual(row.expected);
      expect(window.openNamespaces + window.state.keyed.size).toBe(0);
    });
  }
});

describe("triggers", () => {
  test("a custom trigger replaces the default: the remainder is dropped", () => {
    const window = harness(tumbling, { trigger: CountTrigger.of(3) });
    for (const [at, value] of [..."abcd"].entries()) window.send("k", value, at);
    window.watermark(100);
    expect(window.values()).toEqual(["abc"]);
    expect(window.openNamespaces).toBe(0);
  });

  test("the global window emits at the end of the input only with a trigger that says so", () => {
    for (const [trigger, expected] of [
      [null, []],
      [EventTimeTrigger.create(), ["ab"]],
    ] as const) {
      const window = harness(GlobalWindows.create(), { trigger });
      window.send("k", "a", 1);
      window.send("k", "b", NO_TIMESTAMP);
      window.watermark(MAX_WATERMARK);
      expect(window.values()).toEqual(expected);
    }
  });

  test("the continuous trigger fires at multiples of its interval while there are elements, and at the end", () => {
    const trigger = ContinuousEventTimeTrigger.of(ms(4));
    const window = harness(tumbling, { trigger });
    window.send("k", "a", 1);
    window.watermark(4);
    window.send("k", "b", 5);
    window.watermark(8);
    expect(window.values()).toEqual(["a", "ab"]);
    window.watermark(100);
    expect(window.values()).toEqual(["ab"]);
    expect(window.openNamespaces).toBe(0);
  });

  test("merged sessions keep the earliest next firing of the continuous trigger", () => {
    const trigger = ContinuousEventTimeTrigger.of(ms(7));
    const window = harness(sessions, { trigger });
    window.send("k", "a", 1);
    window.send("k", "c", 16);
    window.send("k", "b", 9);
    window.watermark(7);
    expect(window.take()).toEqual([{ value: "acb", timestamp: 25 }]);
    window.watermark(100);
    expect(window.values()).toEqual(["acb", "acb", "acb"]);
    expect(window.openNamespaces + window.state.keyed.size).toBe(0);
  });

  test("a purging trigger shows a late element alone", () => {
    const trigger = PurgingTrigger.of(EventTimeTrigger.create());
    const window = harness(tumbling, { trigger, allowedLatenessMs: 5 });
    window.send("k", "a", 1);
    window.watermark(9);
    window.send("k", "b", 2);
    expect(window.values()).toEqual(["a", "b"]);
  });

  test("a trigger of one's own has timers and state per key and window", () => {
    const sum = reducingState<number>("length", (left, right) => left + right);
    const trigger: Trigger<string, TimeWindow> = {
      describe: "after 3 characters, or 2 ms before the end",
      states: [sum],
      onElement(element, _timestamp, window, context) {
        context.registerEventTimeTimer(window.end - 2);
        context.getPartitionedState(sum).add(element.length);
        return (context.getPartitionedState(sum).get() ?? 0) >= 3 ? "FIRE" : "CONTINUE";
      },
      onEventTime: (timestamp, window) => (timestamp === window.end - 2 ? "FIRE" : "CONTINUE"),
      onProcessingTime: () => "CONTINUE",
      clear: (_window, context) => context.getPartitionedState(sum).clear(),
    };
    const window = harness(tumbling, { trigger });
    window.send("k", "ab", 1);
    window.send("l", "x", 1);
    window.send("k", "c", 12);
    expect(window.take()).toEqual([]);
    window.send("k", "d", 2);
    expect(window.values()).toEqual(["abd"]);
    window.watermark(8);
    expect(window.values()).toEqual(["abd", "x"]);
  });

  test("state that a trigger did not declare is refused by name", () => {
    const trigger: Trigger = {
      describe: "forgetful",
      onElement(_element, _timestamp, _window, context) {
        context.getPartitionedState(valueState("hidden"));
        return "CONTINUE";
      },
      onEventTime: () => "CONTINUE",
      onProcessingTime: () => "CONTINUE",
      clear: () => {},
    };
    const window = harness(tumbling, { trigger });
    expect(() => window.send("k", "a", 1)).toThrow('forgetful asks for undeclared state "hidden"');
  });
});

describe("process window functions", () => {
  const firings = valueState<number>("firings");
  const total = reducingState<number>("total", (left, right) => left + right);
  const handler: ProcessWindowHandler<string, unknown, string> = {
    state: { firings, total },
    process(key, context, elements, out) {
      const inWindow = context.windowState(firings);
      inWindow.update((inWindow.value() ?? 0) + 1);
      context.globalState(total).add(1);
      out.collect([key, context.window.start, elements.join(""), inWindow.value()]);
      out.collect([context.globalState(total).get(), context.currentWatermark]);
      context.output({ id: "side" }, context.window.end);
    },
    clear(context) {
      context.globalState(total).add(100);
      context.windowState(firings).clear();
    },
  };

  test("have state per window and per key, side outputs, and hear of dropped windows", () => {
    const window = harness(tumbling, {
      function: { kind: "process", process: handler },
      allowedLatenessMs: 5,
    });
    window.send("k", "a", 1);
    window.send("k", "b", 11);
    window.watermark(9);
    window.send("k", "c", 2);
    expect(window.values()).toEqual([
      ["k", 0, "a", 1],
      [1, 9],
      ["k", 0, "ac", 2],
      [2, 9],
    ]);
    window.watermark(30);
    expect(window.values()).toEqual([
      ["k", 10, "b", 1],
      [103, 30],
    ]);
    expect(window.takeSide().map((side) => [side.value, side.timestamp])).toEqual([
      [10, 9],
      [10, 9],
      [20, 19],
    ]);
    expect(window.openNamespaces).toBe(0);
  });

  test("get the same list again when a kept window fires again, not the stored one", () => {
    const seen: (readonly string[])[] = [];
    const process = (_key: string, _context: unknown, elements: readonly string[]): void => {
      seen.push(elements);
    };
    const window = harness(tumbling, {
      function: { kind: "process", process },
      allowedLatenessMs: 5,
    });
    window.send("k", "a", 1);
    window.watermark(9);
    window.send("k", "b", 1);
    expect(seen).toEqual([["a"], ["a", "b"]]);
  });

  test("cannot have state per window where windows merge", () => {
    const window = harness(sessions, { function: { kind: "process", process: handler } });
    window.send("k", "a", 1);
    expect(() => window.watermark(100)).toThrow("windowState is not there for session windows");
  });

  test("see composite keys as the key selector returned them", () => {
    const process = (
      key: unknown,
      _context: ProcessWindowContext,
      _elements: readonly unknown[],
      out: WindowCollector<unknown>,
    ): void => out.collect(key);
    const window = harness(tumbling, { function: { kind: "process", process } });
    window.send(["x", 7], "a", 1);
    window.watermark(100);
    expect(window.values()).toEqual([["x", 7]]);
  });

  const asynchronous: readonly { name: string; function: WindowFunctionSpec }[] = [
    { name: "process", function: { kind: "process", process: (async () => {}) as any } },
    {
      name: "the result function",
      function: { kind: "reduce", reduce: joinedOf, process: null, result: async () => 1 },
    },
    {
      name: "the window's result",
      function: {
        kind: "aggregate",
        aggregate: { createAccumulator: () => 0, add: () => 0, getResult: async () => 1 },
        process: null,
        result: null,
      },
    },
  ];
  for (const row of asynchronous) {
    test(`refuse a promise from ${row.name}`, () => {
      const window = harness(tumbling, { function: row.function });
      window.send("k", "a", 1);
      expect(() => window.watermark(100)).toThrow(`${row.name} of a window returned a promise`);
    });
  }

  test("an aggregate that returns nothing is refused", () => {
    const aggregate = { createAccumulator: () => 0, add: () => undefined, getResult: () => 0 };
    const fn: WindowFunctionSpec = {
      kind: "aggregate",
      aggregate: aggregate as any,
      process: null,
      result: null,
    };
    expect(() => harness(tumbling, { function: fn }).send("k", "a", 1)).toThrow(
      "returned no value",
    );
  });
});

function joinedOf(left: string, right: string): string {
  return left + right;
}

describe("a window with more keys than one firing", () => {
  const KEYS = KEYS_PER_FIRING * 2 + 5;
  const fn: WindowFunctionSpec = {
    kind: "aggregate",
    aggregate: aggregateOf({ n: agg.count() }),
    process: null,
    result: (key) => key,
  };

  for (const lateness of [0, 5]) {
    test(`fires in pieces over a restart, each key once, with lateness ${lateness}`, () => {
      let window = harness(tumbling, { function: fn, allowedLatenessMs: lateness });
      for (let key = 0; key < KEYS; key++) window.send(key, {}, 1);
      window.checkpoint();
      expect(window.watermark(9, budgetOf(1))).toBe(false);
      const first = window.values();
      expect(first.length).toBe(KEYS_PER_FIRING);
      window = window.restarted();
      expect(window.watermark(9, budgetOf(1))).toBe(false);
      const second = window.values();
      expect(window.watermark(9)).toBe(true);
      const emitted = [...first, ...second, ...window.values()];
      expect(emitted.length).toBe(KEYS);
      expect(new Set(emitted).size).toBe(KEYS);
      window.watermark(9 + lateness);
      expect(window.openNamespaces).toBe(0);
    });
  }

  test("a restart forgets the watermark, but not which keys have fired", () => {
    let window = harness(tumbling, { allowedLatenessMs: 5 });
    window.send("k", "a", 1);
    window.send("l", "x", 1);
    window.watermark(9);
    expect(window.values()).toEqual(["a", "x"]);
    window = window.restarted();
    window.send("k", "b", 2);
    window.watermark(9);
    expect(window.values()).toEqual(["ab"]);
  });

  test("tells the function of each dropped key once, in pieces too", () => {
    const cleared: unknown[] = [];
    const handler: ProcessWindowHandler<unknown, unknown> = {
      process: () => {},
      clear: () => void cleared.push(null),
    };
    for (const lateness of [0, 5]) {
      cleared.length = 0;
      const window = harness(tumbling, {
        function: { kind: "process", process: handler },
        allowedLatenessMs: lateness,
      });
      for (let key = 0; key < KEYS; key++) window.send(key, {}, 1);
      window.watermark(100);
      expect(cleared.length).toBe(KEYS);
      expect(window.openNamespaces).toBe(0);
    }
  });
});

describe("a window of one's own", () => {
  /** Windows from one power of two to the next; nothing but this interface is needed. */
  const doubling: WindowAssigner<unknown, TimeWindow> = {
    describe: "doubling",
    isEventTime: true,
    merges: false,
    assignWindows(_element, timestamp) {
      const start = 2 ** Math.floor(Math.log2(timestamp));
      return [new TimeWindow(start, start * 2)];
    },
    getDefaultTrigger: () => EventTimeTrigger.create(),
    windowId: (window) => window.start,
    windowOf: (id) => new TimeWindow(Number(id), Number(id) * 2),
  };

  test("fires, is late, survives a restart, as the built-in ones", () => {
    let window = harness(doubling, { lateTag: "late" });
    for (const timestamp of [1, 2, 3, 5, 4, 9]) window.send("k", String(timestamp), timestamp);
    window.watermark(3);
    expect(window.values()).toEqual(["1", "23"]);
    window.send("k", "late", 2);
    expect(window.takeSide().length).toBe(1);
    window = window.restarted();
    window.watermark(15);
    expect(window.take()).toEqual([
      { value: "54", timestamp: 7 },
      { value: "9", timestamp: 15 },
    ]);
  });
});
