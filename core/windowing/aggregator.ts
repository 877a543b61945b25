/**
 * One named aggregate of a record of aggregates: T are the elements, R is the result. Make one
 * with `agg`.
 */
export interface Aggregator<T, R> {
  /** For plans and errors, e.g. `percentile`. */
  readonly name: string;
  /** How the values of the elements are folded. */
  readonly fold: NumberFold | SlotFold;
  /** What of an element is aggregated; null: the element itself, or nothing (count). */
  readonly of: ((element: T) => unknown) | null;
  /** Only a type: the result's type. */
  readonly _type?: R;
}

/** Folds into one or two numbers; the record of aggregates does these itself, without a call. */
export type NumberFold = "count" | "countIf" | "sum" | "min" | "max" | "mean";

/**
 * Folds into one slot of any codec value.
 *
 *   SF1  `add` and `merge` may change and return what they are given first
 *   SF2  `merge` neither changes nor keeps parts of `right` that can be changed
 */
export interface SlotFold {
  create(): unknown;
  add(slot: unknown, value: unknown): unknown;
  merge(left: unknown, right: unknown): unknown;
  /** Must not hand out the slot itself. */
  result(slot: unknown): unknown;
  /** Whether the result depends on the order of the elements, so that panes cannot be shared. */
  readonly ordered: boolean;
  /** Whether values must be numbers. */
  readonly numeric: boolean;
}
