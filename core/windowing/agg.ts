import { JobError, PlanError, show } from "../errors.ts";
import type { Key } from "../record/key.ts";
import type { Aggregator, NumberFold, SlotFold } from "./aggregator.ts";
import { CollectFold } from "./collect-fold.ts";
import { DistinctFold } from "./distinct-fold.ts";
import { EdgeFold } from "./edge-fold.ts";
import { PercentileFold } from "./percentile-fold.ts";
import { TopNFold } from "./top-n-fold.ts";

/** How many elements there are, or for how many `where` holds. @example agg.count((flight) => flight.delay > 15) */
function count(): Aggregator<unknown, number>;
function count<T>(where: (element: T) => boolean): Aggregator<T, number>;
function count<T>(where?: (element: T) => boolean): Aggregator<T, number> {
  return where === undefined
    ? aggregator("count", "count", null)
    : aggregator("count", "countIf", where);
}

/** The sum of a number. @example agg.sum((order) => order.amount) */
function sum<T>(of: (element: T) => number): Aggregator<T, number> {
  return aggregator("sum", "sum", of);
}

/** The smallest number. @example agg.min((flight) => flight.delay) */
function min<T>(of: (element: T) => number): Aggregator<T, number> {
  return aggregator("min", "min", of);
}

/** The greatest number. @example agg.max((flight) => flight.delay) */
function max<T>(of: (element: T) => number): Aggregator<T, number> {
  return aggregator("max", "max", of);
}

/** The arithmetic mean of a number. @example agg.mean((flight) => flight.delay) */
function mean<T>(of: (element: T) => number): Aggregator<T, number> {
  return aggregator("mean", "mean", of);
}

/**
 * The exact percentile of a number by nearest rank: always a value that occurs. `share` is from 0
 * to 1. Keeps all numbers of the window.
 *
 * @throws PlanError PLAN_AGG when `share` is not from 0 to 1
 * @example agg.percentile((flight) => flight.delay, 0.9)
 */
function percentile<T>(of: (element: T) => number, share: number): Aggregator<T, number> {
  if (!(share >= 0 && share <= 1)) {
    throw invalid("percentile", "share", share, "give a number from 0 to 1, for instance 0.9");
  }
  return aggregator("percentile", new PercentileFold(share), of);
}

/** How many different values there are, compared by value as keys are. @example agg.distinct((flight) => flight.destination) */
function distinct<T>(of: (element: T) => Key): Aggregator<T, number> {
  return aggregator("distinct", new DistinctFold(), of);
}

/** The element that came first, or a value of it. @example agg.first((click) => click.url) */
function first<T>(): Aggregator<T, T>;
function first<T, V>(of: (element: T) => V): Aggregator<T, V>;
function first<T, V>(of?: (element: T) => V): Aggregator<T, V> {
  return aggregator("first", new EdgeFold("first"), of ?? null);
}

/** The element that came last, or a value of it. @example agg.last((click) => click.url) */
function last<T>(): Aggregator<T, T>;
function last<T, V>(of: (element: T) => V): Aggregator<T, V>;
function last<T, V>(of?: (element: T) => V): Aggregator<T, V> {
  return aggregator("last", new EdgeFold("last"), of ?? null);
}

/** All elements, or a value of each, in the order they came. @example agg.collect((click) => click.url) */
function collect<T>(): Aggregator<T, readonly T[]>;
function collect<T, V>(of: (element: T) => V): Aggregator<T, readonly V[]>;
function collect<T, V>(of?: (element: T) => V): Aggregator<T, readonly V[]> {
  return aggregator("collect", new CollectFold(), of ?? null);
}

/**
 * The n elements with the greatest `by`, greatest first; of equal ones the earlier.
 *
 * @throws PlanError PLAN_AGG when `n` is not a positive integer
 * @example agg.topN(3, (flight) => flight.delay)
 */
function topN<T>(n: number, by: (element: T) => number): Aggregator<T, readonly T[]> {
  if (!Number.isSafeInteger(n) || n < 1) {
    throw invalid("topN", "count", n, "give a positive integer, for instance 3");
  }
  return aggregator("topN", new TopNFold(n), (element) => {
    const rank: unknown = by(element);
    if (typeof rank === "number") return [rank, element];
    throw new JobError(`topN: the function returned ${show(rank)} instead of a number`, {
      code: "JOB_AGG_NOT_A_NUMBER",
      hint: "return a number for every element, or filter those without one before the window",
    });
  });
}

/**
 * The aggregates of windows, to be named in one record.
 *
 * @example
 * .aggregate({ flights: agg.count(), p90: agg.percentile((flight) => flight.delay, 0.9) })
 */
export const agg: {
  readonly count: typeof count;
  readonly sum: typeof sum;
  readonly min: typeof min;
  readonly max: typeof max;
  readonly mean: typeof mean;
  readonly percentile: typeof percentile;
  readonly distinct: typeof distinct;
  readonly first: typeof first;
  readonly last: typeof last;
  readonly collect: typeof collect;
  readonly topN: typeof topN;
} = Object.freeze({
  count,
  sum,
  min,
  max,
  mean,
  percentile,
  distinct,
  first,
  last,
  collect,
  topN,
});

function aggregator<T, R>(
  name: string,
  fold: NumberFold | SlotFold,
  of: ((element: T) => unknown) | null,
): Aggregator<T, R> {
  if (of === null || typeof of === "function") return Object.freeze({ name, fold, of });
  throw invalid(
    name,
    "function",
    of,
    "give a function of the element, for instance (flight) => flight.delay",
  );
}

function invalid(name: string, what: string, value: unknown, hint: string): PlanError {
  return new PlanError(`agg.${name}: the ${what} cannot be used (got ${show(value)})`, {
    code: "PLAN_AGG",
    hint,
  });
}
