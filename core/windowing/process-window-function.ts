import type { Key } from "../record/key.ts";
import type { StateDescriptor } from "../state/index.ts";
import type { StateOf } from "./trigger.ts";
import type { TimeWindow, Window } from "./window.ts";

/** Takes results. What it gets carries the window's `maxTimestamp` as its timestamp. */
export interface WindowCollector<T> {
  collect(value: T): void;
}

/** Names a side output; `OutputTag` is one. */
export interface WindowOutputTag<T> {
  readonly id: string;
  /** Only a type: the records' type. */
  readonly _type?: T;
}

/** What a `ProcessWindowFunction` may use. Valid during the call only. */
export interface ProcessWindowContext<W extends Window = TimeWindow> {
  readonly window: W;
  /** The operator's watermark, -(2^53 - 1) before the first one. */
  readonly currentWatermark: number;
  /** Milliseconds since the epoch. */
  readonly currentProcessingTime: number;
  /** State of this key in this window; delete it in `clear`. Not for session windows. */
  windowState<D extends StateDescriptor>(descriptor: D): StateOf<D>;
  /** State of this key over all its windows. */
  globalState<D extends StateDescriptor>(descriptor: D): StateOf<D>;
  /** Emits into a side output, with the window's `maxTimestamp`. */
  output<T>(tag: WindowOutputTag<T>, value: T): void;
}

export type ProcessWindowCallback<IN, OUT, K = Key, W extends Window = TimeWindow> = (
  key: K,
  context: ProcessWindowContext<W>,
  elements: readonly IN[],
  out: WindowCollector<OUT>,
) => void;

/** The object form of a `ProcessWindowFunction`, with declared state. */
export interface ProcessWindowHandler<IN, OUT, K = Key, W extends Window = TimeWindow> {
  /** What `windowState` and `globalState` may be asked for. */
  readonly state?: Readonly<Record<string, StateDescriptor>>;
  process(
    key: K,
    context: ProcessWindowContext<W>,
    elements: readonly IN[],
    out: WindowCollector<OUT>,
  ): void;
  /** The window is dropped: delete what lies in `windowState`. */
  clear?(context: ProcessWindowContext<W>): void;
}

/**
 * Gets all elements of a window (behind reduce or aggregate: the one result) when it fires.
 *
 * @example
 * (origin, { window }, flights, out) => out.collect({ origin, end: window.end, n: flights.length })
 */
export type ProcessWindowFunction<IN, OUT, K = Key, W extends Window = TimeWindow> =
  ProcessWindowHandler<IN, OUT, K, W> | ProcessWindowCallback<IN, OUT, K, W>;

/** The object form of either form. */
// oxlint-disable-next-line typescript/no-explicit-any -- the operator does not know the user's types
export type AnyProcessWindowFunction = ProcessWindowFunction<any, any, any, any>;
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export type AnyProcessWindowHandler = ProcessWindowHandler<any, any, any, any>;

export function processWindowHandler(fn: AnyProcessWindowFunction): AnyProcessWindowHandler {
  return typeof fn === "function" ? { process: fn } : fn;
}
