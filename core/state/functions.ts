/** Combines two values into one; must be associative. */
export type ReduceFunction<T> = (left: T, right: T) => T;

/**
 * Flink's AggregateFunction: an accumulator that takes values one by one.
 *
 * `add` and `merge` may change and return the accumulator that they were given. `merge` is needed
 * by session windows and lets sliding windows share their panes.
 *
 * @example
 * const mean: AggregateFunction<number, { sum: number; n: number }, number> = {
 *   createAccumulator: () => ({ sum: 0, n: 0 }),
 *   add: (value, acc) => { acc.sum += value; acc.n += 1; return acc },
 *   getResult: (acc) => acc.sum / acc.n,
 *   merge: (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
 * }
 */
export interface AggregateFunction<IN, ACC, OUT> {
  createAccumulator(): ACC;
  add(value: IN, accumulator: ACC): ACC;
  getResult(accumulator: ACC): OUT;
  merge?(left: ACC, right: ACC): ACC;
}
