import type { AggregateFunction, ReduceFunction } from "./functions.ts";
import type { Duration } from "../duration.ts";

/** Time to live of state, Flink's StateTtlConfig. Processing time; expired = last access + ttl <= now. */
export interface TtlConfig extends Duration {
  /** What counts as access. Default `write` (Flink's OnCreateAndWrite). */
  readonly update?: "write" | "readAndWrite";
  /** Whether an expired value that is still there may be returned, once. Default false. */
  readonly returnExpired?: boolean;
}

/** Options of every state descriptor. */
export interface StateOptions {
  readonly ttl?: TtlConfig;
  /** The schema version of the values, default 1. A restore from another one needs `migrate`. */
  readonly version?: number;
  /** `migrate[v]` turns a value of version v into one of version v + 1. */
  readonly migrate?: Readonly<Record<number, (old: never) => unknown>>;
}

export interface ValueStateDescriptor<T> extends StateOptions {
  readonly kind: "value";
  readonly name: string;
  /** Only a type: the values' type. */
  readonly _type?: T;
}

export interface ListStateDescriptor<T> extends StateOptions {
  readonly kind: "list";
  readonly name: string;
  readonly _type?: T;
}

export interface MapStateDescriptor<UK, UV> extends StateOptions {
  readonly kind: "map";
  readonly name: string;
  readonly _type?: readonly [UK, UV];
}

export interface ReducingStateDescriptor<T> extends StateOptions {
  readonly kind: "reducing";
  readonly name: string;
  readonly reduce: ReduceFunction<T>;
}

export interface AggregatingStateDescriptor<IN, ACC, OUT> extends StateOptions {
  readonly kind: "aggregating";
  readonly name: string;
  readonly aggregate: AggregateFunction<IN, ACC, OUT>;
}

export type StateDescriptor =
  | ValueStateDescriptor<unknown>
  | ListStateDescriptor<unknown>
  | MapStateDescriptor<unknown, unknown>
  // oxlint-disable-next-line typescript/no-explicit-any -- functions make T invariant; any is the top type here
  | ReducingStateDescriptor<any>
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  | AggregatingStateDescriptor<any, any, any>;

/**
 * Declares a single value per key.
 *
 * @example
 * state: { first: valueState<number>("first", { ttl: { days: 1 } }) }
 */
export function valueState<T>(name: string, options: StateOptions = {}): ValueStateDescriptor<T> {
  return { ...options, kind: "value", name };
}

/** Declares a list per key. @example listState<Order>("pending") */
export function listState<T>(name: string, options: StateOptions = {}): ListStateDescriptor<T> {
  return { ...options, kind: "list", name };
}

/** Declares a map per key; its own keys compare by value. @example mapState<string, number>("seen") */
export function mapState<UK, UV>(
  name: string,
  options: StateOptions = {},
): MapStateDescriptor<UK, UV> {
  return { ...options, kind: "map", name };
}

/** Declares a value per key that `add` folds with `reduce`. @example reducingState<number>("sum", (a, b) => a + b) */
export function reducingState<T>(
  name: string,
  reduce: ReduceFunction<T>,
  options: StateOptions = {},
): ReducingStateDescriptor<T> {
  return { ...options, kind: "reducing", name, reduce };
}

/** Declares an accumulator per key that `add` feeds; `get` returns the aggregate's result. */
export function aggregatingState<IN, ACC, OUT>(
  name: string,
  aggregate: AggregateFunction<IN, ACC, OUT>,
  options: StateOptions = {},
): AggregatingStateDescriptor<IN, ACC, OUT> {
  return { ...options, kind: "aggregating", name, aggregate };
}
