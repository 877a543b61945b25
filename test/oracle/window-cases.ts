// oxlint-disable typescript/no-explicit-any -- one table of windows over many element and result types
import {
  agg,
  aggregateOf,
  CountTrigger,
  EventTimeSessionWindows,
  GlobalWindows,
  PurgingTrigger,
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
} from "../../core/windowing/index.ts";
import type {
  ProcessWindowContext,
  WindowCollector,
  WindowFunctionSpec,
  WindowSpec,
} from "../../core/windowing/index.ts";
import type { Item, Step } from "./trace.ts";
import { alignedOutcomes, countedOutcomes, sessionOutcomes } from "./window-model.ts";
import type { Fired, Outcome } from "./window-model.ts";

/** What a window function makes of a window, and what the model says it must be. */
export interface FunctionCase {
  readonly name: string;
  readonly spec: WindowFunctionSpec;
  readonly expected: (fired: Fired, items: ReadonlyMap<number, Item>) => unknown;
}

export interface WindowCase {
  readonly name: string;
  readonly spec: (fn: WindowFunctionSpec) => WindowSpec;
  readonly model: (trace: readonly Step[]) => readonly Outcome[];
}

interface Sums {
  n: number;
  sum: number;
  max: number;
}

const mutableSums = {
  createAccumulator: (): Sums => ({ n: 0, sum: 0, max: -Infinity }),
  add(item: Item, sums: Sums): Sums {
    sums.n += 1;
    sums.sum += item.value;
    sums.max = Math.max(sums.max, item.value);
    return sums;
  },
  getResult: (sums: Sums): Sums => ({ ...sums }),
};

function mergeSums(left: Sums, right: Sums): Sums {
  left.n += right.n;
  left.sum += right.sum;
  left.max = Math.max(left.max, right.max);
  return left;
}

/** Merges into its right operand and spoils the left one, as Flink allows. */
function mergeSumsIntoRight(left: Sums, right: Sums): Sums {
  mergeSums(right, left);
  left.n = Number.NaN;
  return right;
}

/** Accumulators that hand parts of themselves to whom they are merged with, and results too. */
const sharingAccumulators = {
  createAccumulator: () => new Map<string, { n: number }>(),
  add(item: Item, counts: Map<string, { n: number }>) {
    const name = String(item.value % 3);
    const count = counts.get(name);
    if (count === undefined) counts.set(name, { n: 1 });
    else count.n += 1;
    return counts;
  },
  getResult: (counts: Map<string, { n: number }>) =>
    [...counts].map(([name, { n }]) => [name, n] as const).sort(),
  merge(left: Map<string, { n: number }>, right: Map<string, { n: number }>) {
    for (const [name, count] of right) {
      const held = left.get(name);
      if (held === undefined) left.set(name, count);
      else held.n += count.n;
    }
    return left;
  },
};

function sumsOf(fired: Fired, items: ReadonlyMap<number, Item>): Sums {
  const values = fired.ids.map((id) => items.get(id)?.value ?? Number.NaN);
  const sum = values.reduce((left, right) => left + right, 0);
  return { n: values.length, sum, max: Math.max(...values) };
}

function named(fired: Fired, value: object): object {
  return { key: fired.key, start: fired.start, end: fired.end, ...value };
}

const aggregateWith = (aggregate: any): WindowFunctionSpec => ({
  kind: "aggregate",
  aggregate,
  process: null,
  result: (key, window, value) => named({ key, ids: [], ...bounds(window) }, { value }),
});

function bounds(window: any): { start: number; end: number } {
  return { start: window.start ?? 0, end: window.end ?? Number.POSITIVE_INFINITY };
}

export const functions: readonly FunctionCase[] = [
  {
    name: "an aggregate whose accumulators change in place",
    spec: aggregateWith({ ...mutableSums, merge: mergeSums }),
    expected: (fired, items) => named(fired, { value: sumsOf(fired, items) }),
  },
  {
    name: "an aggregate that merges to the right",
    spec: aggregateWith({ ...mutableSums, merge: mergeSumsIntoRight }),
    expected: (fired, items) => named(fired, { value: sumsOf(fired, items) }),
  },
  {
    name: "an aggregate whose accumulators share parts",
    spec: aggregateWith(sharingAccumulators),
    expected: (fired, items) => {
      const counts = new Map<string, number>();
      for (const id of fired.ids) {
        const name = String((items.get(id)?.value ?? 0) % 3);
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      return named(fired, { value: [...counts].sort() });
    },
  },
  {
    name: "a record of numbers",
    spec: aggregateWith(
      aggregateOf({
        n: agg.count(),
        sum: agg.sum((item: Item) => item.value),
        max: agg.max((item: Item) => item.value),
      }),
    ),
    expected: (fired, items) => named(fired, { value: sumsOf(fired, items) }),
  },
  {
    name: "a record with a percentile and distinct values",
    spec: aggregateWith(
      aggregateOf({
        median: agg.percentile((item: Item) => item.value, 0.5),
        distinct: agg.distinct((item: Item) => item.value),
      }),
    ),
    expected: (fired, items) => {
      const values = fired.ids.map((id) => items.get(id)?.value ?? Number.NaN);
      const sorted = [...values].sort((left, right) => left - right);
      const median = sorted[Math.ceil(values.length / 2) - 1];
      return named(fired, { value: { median, distinct: new Set(values).size } });
    },
  },
  {
    name: "reduce with a process function",
    spec: {
      kind: "reduce",
      reduce: (left: Item, right: Item): Item => ({
        id: Math.max(left.id, right.id),
        value: left.value + right.value,
      }),
      process: (
        key: string,
        context: ProcessWindowContext,
        elements: readonly Item[],
        out: WindowCollector<unknown>,
      ) => out.collect(named({ key, ids: [], ...bounds(context.window) }, { value: elements })),
    },
    expected: (fired, items) =>
      named(fired, {
        value: [{ id: Math.max(...fired.ids), value: sumsOf(fired, items).sum }],
      }),
  },
  {
    name: "process",
    spec: {
      kind: "process",
      process: {
        process(
          key: string,
          context: ProcessWindowContext,
          elements: readonly Item[],
          out: WindowCollector<unknown>,
        ): void {
          const ids = elements.map((item) => item.id).sort((left, right) => left - right);
          out.collect(named({ key, ids: [], ...bounds(context.window) }, { value: ids }));
        },
      },
    },
    expected: (fired) => named(fired, { value: fired.ids }),
  },
];

const ms = (milliseconds: number): { milliseconds: number } => ({ milliseconds });

function spec(assigner: any, lateness: number, trigger: any = null) {
  return (fn: WindowFunctionSpec): WindowSpec => ({
    assigner,
    trigger,
    allowedLatenessMs: lateness,
    lateTag: "late",
    function: fn,
  });
}

function tumbling(size: number, offset: number, lateness: number): WindowCase {
  return {
    name: `tumbling ${size} offset ${offset} lateness ${lateness}`,
    spec: spec(TumblingEventTimeWindows.of(ms(size), ms(offset)), lateness),
    model: (trace) => alignedOutcomes(trace, size, size, offset, lateness),
  };
}

function sliding(size: number, slide: number, offset: number, lateness: number): WindowCase {
  return {
    name: `sliding ${size}/${slide} offset ${offset} lateness ${lateness}`,
    spec: spec(SlidingEventTimeWindows.of(ms(size), ms(slide), ms(offset)), lateness),
    model: (trace) => alignedOutcomes(trace, size, slide, offset, lateness),
  };
}

function session(gap: number, lateness: number): WindowCase {
  return {
    name: `session ${gap} lateness ${lateness}`,
    spec: spec(EventTimeSessionWindows.withGap(ms(gap)), lateness),
    model: (trace) => sessionOutcomes(trace, () => gap, lateness, null),
  };
}

export const windows: readonly WindowCase[] = [
  tumbling(5, 0, 0),
  tumbling(7, -3, 0),
  tumbling(5, 2, 6),
  tumbling(1, 0, 3),
  sliding(10, 5, 0, 0),
  sliding(12, 2, -1, 0),
  sliding(10, 4, 3, 0),
  sliding(10, 4, 0, 7),
  sliding(12, 3, 1, 20),
  sliding(3, 5, 1, 0),
  sliding(7, 5, 0, 2),
  session(3, 0),
  session(4, 5),
  {
    name: "session with a gap of the element's own",
    spec: spec(EventTimeSessionWindows.withDynamicGap<Item>(gapOf), 2),
    model: (trace) => sessionOutcomes(trace, gapOf, 2, null),
  },
  {
    name: "count 3 over tumbling 8",
    spec: spec(TumblingEventTimeWindows.of(ms(8)), 0, CountTrigger.of(3)),
    model: (trace) => countedOutcomes(trace, 8, 8, 0, { n: 3, purging: false }),
  },
  {
    name: "purging count 2 over sliding 9/3 lateness 4",
    spec: spec(SlidingEventTimeWindows.of(ms(9), ms(3)), 4, PurgingTrigger.of(CountTrigger.of(2))),
    model: (trace) => countedOutcomes(trace, 9, 3, 4, { n: 2, purging: true }),
  },
  {
    name: "purging count 3 over global",
    spec: spec(GlobalWindows.create(), 0, PurgingTrigger.of(CountTrigger.of(3))),
    model: (trace) => countedOutcomes(trace, null, 1, 0, { n: 3, purging: true }),
  },
  {
    name: "count 2 over session 4 lateness 3",
    spec: spec(EventTimeSessionWindows.withGap(ms(4)), 3, CountTrigger.of(2)),
    model: (trace) => sessionOutcomes(trace, () => 4, 3, { n: 2, purging: false }),
  },
  {
    name: "purging count 3 over session 5",
    spec: spec(EventTimeSessionWindows.withGap(ms(5)), 0, PurgingTrigger.of(CountTrigger.of(3))),
    model: (trace) => sessionOutcomes(trace, () => 5, 0, { n: 3, purging: true }),
  },
];

function gapOf(item: { readonly value: number }): number {
  return 1 + (Math.abs(item.value) % 6);
}
