import {
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  blackholeSink,
  defineJob,
  valueState,
  type Job,
} from "../index.ts";
import {
  type Reading,
  keyedSum,
  mapFilterMap,
  slidingSums,
  tumblingStats,
} from "./hand-written.ts";
import { memorySource } from "./memory-source.ts";

/** One row of the table: the same work by hand and by a job. */
export interface Workload {
  readonly name: string;
  /** The bound: Millrace's time over the loop's. */
  readonly goal: number;
  readonly records: number;
  readonly stateful: boolean;
  readonly byHand: () => void;
  readonly job: Job;
}

const HOUR = 3_600_000;

/** Deterministic pseudo-random integers below `bound` (mulberry32). */
function randomIntegers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** `count` readings of `keys` keys, `stepMs` of event time apart, out of order by up to `jitterMs`. */
export function readings(count: number, keys: number, stepMs: number, jitterMs: number): Reading[] {
  const next = randomIntegers(keys);
  return Array.from({ length: count }, (_, i) => ({
    key: next(keys),
    value: next(1_000),
    timestamp: Math.floor(i * stepMs) + (jitterMs === 0 ? 0 : next(jitterMs)),
  }));
}

let sunk = 0;
/** What both sides do with a result. */
const sink = (value: number): void => {
  sunk += value;
};
export const checksum = (): number => sunk;

function stateless(variant: number, input: readonly Reading[], rounds: number): Workload {
  const steps = [
    {
      first: (r: Reading) => r.value + 1,
      keep: (v: number) => v % 4 !== 0,
      second: (v: number) => v * 2,
      sink,
    },
    {
      first: (r: Reading) => r.value * 3,
      keep: (v: number) => v % 5 !== 0,
      second: (v: number) => v - 7,
      sink,
    },
    {
      first: (r: Reading) => r.key + r.value,
      keep: (v: number) => v % 3 !== 0,
      second: (v: number) => v | 1,
      sink,
    },
    {
      first: (r: Reading) => r.value ^ 5,
      keep: (v: number) => v % 7 !== 0,
      second: (v: number) => v + 11,
      sink,
    },
    {
      first: (r: Reading) => r.value - 2,
      keep: (v: number) => v % 6 !== 0,
      second: (v: number) => v * 5,
      sink,
    },
  ][variant % 5];
  if (steps === undefined) throw new Error("no such variant");
  const { first, keep, second } = steps;
  return {
    name: "map, filter, map",
    goal: 2,
    records: input.length * rounds,
    stateful: false,
    byHand: () => mapFilterMap(input, rounds, steps),
    job: defineJob({
      name: "map-filter-map",
      build(env) {
        env
          .fromSource(memorySource(input, rounds, 0), WatermarkStrategy.noWatermarks(), "readings")
          .map(first)
          .filter(keep)
          .map(second)
          .sinkTo(blackholeSink());
      },
    }),
  };
}

function keyed(name: string, goal: number, input: readonly Reading[], rounds: number): Workload {
  const keyOf = (r: Reading): number => r.key;
  const add = (sum: number, r: Reading): number => sum + r.value;
  return {
    name,
    goal,
    records: input.length * rounds,
    stateful: true,
    byHand: () => keyedSum(input, rounds, keyOf, add, sink),
    job: defineJob({
      name: "keyed-sum",
      build(env) {
        env
          .fromSource(memorySource(input, rounds, 0), WatermarkStrategy.noWatermarks(), "readings")
          .keyBy(keyOf)
          .process<number, { sum: ReturnType<typeof valueState<number>> }>({
            state: { sum: valueState<number>("sum") },
            processElement(reading, ctx, out) {
              const sum = add(ctx.state.sum.value() ?? 0, reading);
              ctx.state.sum.update(sum);
              out.collect(sum);
            },
          })
          .uid("sums")
          .sinkTo(blackholeSink())
          .uid("sink");
      },
    }),
  };
}

function tumbling(input: readonly Reading[], rounds: number, roundMs: number): Workload {
  const keyOf = (r: Reading): number => r.key;
  const boundMs = 1_000;
  return {
    name: "tumbling window count, sum, max, 10,000 keys",
    goal: 2.2,
    records: input.length * rounds,
    stateful: true,
    byHand: () =>
      tumblingStats(input, rounds, HOUR, roundMs, boundMs, keyOf, (key, start, stats) =>
        sink(key + start + stats.count + stats.sum + stats.max),
      ),
    job: defineJob({
      name: "tumbling",
      build(env) {
        env
          .fromSource(
            memorySource(input, rounds, roundMs),
            WatermarkStrategy.forBoundedOutOfOrderness({ milliseconds: boundMs }),
            "readings",
          )
          .keyBy(keyOf)
          .window(TumblingEventTimeWindows.of({ hours: 1 }))
          .aggregate(
            { count: agg.count(), sum: agg.sum((r) => r.value), max: agg.max((r) => r.value) },
            (key, window, stats) => ({ key, start: window.start, ...stats }),
          )
          .uid("hourly")
          .sinkTo(blackholeSink())
          .uid("sink");
      },
    }),
  };
}

function sliding(input: readonly Reading[], rounds: number, roundMs: number): Workload {
  const keyOf = (r: Reading): number => r.key;
  const boundMs = 1_000;
  return {
    name: "sliding 1 h / 10 s, 1,000 keys",
    goal: 2,
    records: input.length * rounds,
    stateful: true,
    byHand: () =>
      slidingSums(input, rounds, HOUR, 10_000, roundMs, boundMs, keyOf, (key, end, sum) =>
        sink(key + end + sum),
      ),
    job: defineJob({
      name: "sliding",
      build(env) {
        env
          .fromSource(
            memorySource(input, rounds, roundMs),
            WatermarkStrategy.forBoundedOutOfOrderness({ milliseconds: boundMs }),
            "readings",
          )
          .keyBy(keyOf)
          .window(SlidingEventTimeWindows.of({ hours: 1 }, { seconds: 10 }))
          .aggregate({ sum: agg.sum((r) => r.value) }, (key, window, stats) => ({
            key,
            end: window.end,
            ...stats,
          }))
          .uid("hourly")
          .sinkTo(blackholeSink())
          .uid("sink");
      },
    }),
  };
}

/** The rows, `scale` times their normal length (1 for figures, less to try). */
export function workloads(scale: number): readonly Workload[] {
  const rounds = (count: number): number => Math.max(1, Math.round(count * scale));
  const plain = readings(1_000_000, 10_000, 1, 0);
  const hourly = readings(1_000_000, 10_000, 3.6, 900);
  const perSecond = readings(1_000_000, 1_000, 1, 900);
  return [
    stateless(0, plain, rounds(60)),
    keyed("keyed ValueState, 10,000 keys", 1.8, plain, rounds(30)),
    keyed("keyed ValueState, 1,000,000 keys", 2, readings(2_000_000, 1_000_000, 1, 0), rounds(8)),
    tumbling(hourly, rounds(30), 3_600_000),
    sliding(perSecond, rounds(8), 1_000_000),
  ];
}

/** Other jobs that run first, so that no call site has seen one job only. */
export function neighbours(): readonly Workload[] {
  const few = readings(100_000, 500, 36, 900);
  return [
    ...[1, 2, 3, 4].map((variant) => stateless(variant, few, 3)),
    keyed("strangers", 1, few, 3),
    tumbling(few, 3, 3_600_000),
    sliding(few, 1, 3_600_000),
  ];
}
