// oxlint-disable typescript/no-explicit-any -- the elements' type is checked where the record is written
import { JobError, PlanError, show } from "../errors.ts";
import type { AggregateFunction } from "../state/index.ts";
import type { Aggregator, NumberFold, SlotFold } from "./aggregator.ts";

/** A record of aggregates over elements T. */
export type AggregatorRecord<T> = Readonly<Record<string, Aggregator<T, any>>>;

/** The results of a record of aggregates, under the same names. */
export type AggregateResults<A> = {
  readonly [Name in keyof A]: A[Name] extends Aggregator<any, infer R> ? R : never;
};

/** Where each kind of fold stands in `AggregateRecord.add`; dense, so that `switch` is a jump. */
const COUNT = 0;
const COUNT_IF = 1;
const SUM = 2;
const MIN = 3;
const MAX = 4;
const MEAN = 5;
const SLOT = 6;
const CODES: Readonly<Record<NumberFold, number>> = {
  count: COUNT,
  countIf: COUNT_IF,
  sum: SUM,
  min: MIN,
  max: MAX,
  mean: MEAN,
};

type Selector = (element: any) => any;

/**
 * A record of aggregates as one aggregate function. The accumulator is one flat array: numbers
 * only, where the aggregates are; a mean takes two places, everything else one.
 *
 *   AR1  place `#at[i]` belongs to aggregate i, and the place behind it too if that is a mean
 *   AR2  `merge` neither changes nor keeps parts of `right` that can be changed
 */
export class AggregateRecord<R> implements AggregateFunction<any, unknown[], R> {
  /** Whether a result depends on the order of the elements. */
  readonly ordered: boolean;
  /** Whether accumulators hold numbers only. */
  readonly numeric: boolean;
  readonly #names: readonly string[];
  readonly #codes: number[];
  readonly #at: number[];
  readonly #of: Selector[];
  readonly #folds: readonly (SlotFold | null)[];
  /** Accumulators begin as copies of this; it holds doubles, so that they do too. */
  readonly #template: unknown[];

  constructor(aggregators: AggregatorRecord<any>) {
    const list = Object.values(aggregators);
    this.#names = Object.keys(aggregators);
    this.#codes = list.map((one) => (typeof one.fold === "string" ? CODES[one.fold] : SLOT));
    this.#of = list.map((one) => one.of ?? itself);
    this.#folds = list.map((one) => (typeof one.fold === "string" ? null : one.fold));
    this.#at = [];
    this.numeric = !this.#codes.includes(SLOT);
    this.#template = template(this.#codes, this.#at);
    this.ordered = this.#folds.some((fold) => fold !== null && fold.ordered);
  }

  createAccumulator(): unknown[] {
    const accumulator = this.#template.slice();
    if (this.numeric) return accumulator;
    for (let i = 0; i < this.#codes.length; i++) {
      const fold = this.#folds[i];
      if (fold !== null && fold !== undefined) accumulator[this.#at[i] as number] = fold.create();
    }
    return accumulator;
  }

  /** One loop with one call per aggregate, the user's own (bench "tumbling window"). */
  add(element: unknown, accumulator: unknown[]): unknown[] {
    const codes = this.#codes;
    const numbers = accumulator as number[];
    for (let i = 0; i < codes.length; i++) {
      const at = this.#at[i] as number;
      const code = codes[i] as number;
      if (code === COUNT) {
        numbers[at] = (numbers[at] as number) + 1;
        continue;
      }
      const value: unknown = (this.#of[i] as Selector)(element);
      if (code === COUNT_IF) {
        if (value === true) numbers[at] = (numbers[at] as number) + 1;
      } else if (code === SLOT) this.#addSlot(i, accumulator, value);
      else if (typeof value !== "number") throw this.#notANumber(i, value);
      else addNumber(code, numbers, at, value);
    }
    return accumulator;
  }

  merge(left: unknown[], right: unknown[]): unknown[] {
    for (let i = 0; i < this.#codes.length; i++) {
      const at = this.#at[i] as number;
      const code = this.#codes[i] as number;
      if (code === SLOT) left[at] = (this.#folds[i] as SlotFold).merge(left[at], right[at]);
      else mergeNumber(code, left as number[], right as number[], at);
    }
    return left;
  }

  getResult(accumulator: unknown[]): R {
    const result: Record<string, unknown> = {};
    for (let i = 0; i < this.#names.length; i++) {
      const at = this.#at[i] as number;
      const held = accumulator[at];
      const fold = this.#folds[i];
      const name = this.#names[i] as string;
      if (fold !== null && fold !== undefined) result[name] = fold.result(held);
      else if (this.#codes[i] === MEAN) {
        result[name] = (held as number) / (accumulator[at + 1] as number);
      } else result[name] = held;
    }
    // The names are those of the record, and each result is its aggregator's.
    return result as R;
  }

  #addSlot(i: number, accumulator: unknown[], value: unknown): void {
    const fold = this.#folds[i] as SlotFold;
    if (fold.numeric && typeof value !== "number") throw this.#notANumber(i, value);
    if (value === undefined) throw this.#noValue(i);
    const at = this.#at[i] as number;
    accumulator[at] = fold.add(accumulator[at], value);
  }

  #notANumber(i: number, value: unknown): JobError {
    return new JobError(
      `aggregate ${show(this.#names[i])}: the function returned ${show(value)} instead of a number`,
      {
        code: "JOB_AGG_NOT_A_NUMBER",
        hint: "return a number for every element, or filter those without one before the window",
      },
    );
  }

  #noValue(i: number): JobError {
    return new JobError(`aggregate ${show(this.#names[i])}: the function returned undefined`, {
      code: "JOB_AGG_UNDEFINED",
      hint: "return a value for every element (null is one)",
    });
  }
}

/**
 * One aggregate function of a record of named aggregates.
 *
 * @throws PlanError PLAN_AGG when the record is empty or holds something else than `agg` makes
 * @example aggregateOf({ flights: agg.count(), worst: agg.max((flight: Flight) => flight.delay) })
 */
export function aggregateOf<A extends AggregatorRecord<any>>(
  aggregators: A,
): AggregateRecord<AggregateResults<A>> {
  const names = Object.keys(aggregators);
  if (names.length === 0) {
    throw new PlanError("aggregate: the record of aggregates is empty", {
      code: "PLAN_AGG",
      hint: "name at least one, for instance { n: agg.count() }",
    });
  }
  for (const [name, given] of Object.entries(aggregators) as [string, unknown][]) {
    if (typeof given === "object" && given !== null && "fold" in given && "of" in given) continue;
    throw new PlanError(`aggregate: ${show(name)} is no aggregate (got ${show(given)})`, {
      code: "PLAN_AGG",
      hint: "make it with agg, for instance { n: agg.count() }",
    });
  }
  return new AggregateRecord(aggregators);
}

function itself(element: unknown): unknown {
  return element;
}

/** The accumulator before the first element; fills in the places. */
function template(codes: readonly number[], at: number[]): unknown[] {
  const initial: number[] = [];
  for (const code of codes) {
    at.push(initial.length);
    initial.push(
      code === MIN ? Number.POSITIVE_INFINITY : code === MAX ? Number.NEGATIVE_INFINITY : 0,
    );
    if (code === MEAN) initial.push(0);
  }
  // An array that once held a fraction keeps its doubles unboxed, also when it holds integers.
  const doubles = initial.map(() => 0.5);
  for (let i = 0; i < initial.length; i++) doubles[i] = initial[i] as number;
  return doubles;
}

function addNumber(code: number, numbers: number[], at: number, value: number): void {
  const held = numbers[at] as number;
  if (code === SUM) numbers[at] = held + value;
  else if (code === MAX) numbers[at] = Math.max(held, value);
  else if (code === MIN) numbers[at] = Math.min(held, value);
  else {
    numbers[at] = held + value;
    numbers[at + 1] = (numbers[at + 1] as number) + 1;
  }
}

function mergeNumber(code: number, left: number[], right: number[], at: number): void {
  const one = left[at] as number;
  const other = right[at] as number;
  if (code === MAX) left[at] = Math.max(one, other);
  else if (code === MIN) left[at] = Math.min(one, other);
  else left[at] = one + other;
  if (code === MEAN) left[at + 1] = (left[at + 1] as number) + (right[at + 1] as number);
}
