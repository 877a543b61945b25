import type { NoState, StateDeclarations, StateHandles } from "./declared-state.ts";
import type { Collector, Ignored } from "./functions.ts";
import type { OutputTag } from "./output-tag.ts";
import type { RuntimeContext } from "./runtime-context.ts";
import type { OperatorTime, Timers } from "./timers.ts";

/** Which clock a timer belongs to. */
export type TimeDomain = "event" | "processing";

/** What every process function may use. Made once per operator; valid during the call only. */
export interface RecordContext {
  /** Event time of the record in milliseconds, the timer's time in `onTimer`; null: it has none. */
  timestamp(): number | null;
  /** Emits into a side output, with the timestamp that `out.collect` would give. */
  output<T>(tag: OutputTag<T>, value: NoInfer<T>): void;
}

/** The context of a function without key. */
export interface ProcessContext extends RecordContext {
  readonly timers: OperatorTime;
}

/** The context of a function behind keyBy. */
export interface KeyedContext<K, S = NoState> extends RecordContext {
  /** Handles of the declared state, always of the current key. */
  readonly state: StateHandles<S>;
  readonly timers: Timers;
  /** The current key as the key selector returned it. */
  getCurrentKey(): K;
}

/** A context C in `onTimer`. */
export type OnTimerContext<C> = C & { timeDomain(): TimeDomain };

/** What all process functions may have beside their methods for records. */
export interface Lifecycle {
  /** Before the first record; may be async. */
  open?(runtime: RuntimeContext): void | Promise<void>;
  /** After the last record, or after a failure; may be async. */
  close?(): void | Promise<void>;
}

/** The part of a function that declares keyed state. */
export interface DeclaresState<S extends StateDeclarations> {
  /** Keyed state by the names it has in `ctx.state`. */
  readonly state?: S;
}

/** One input, context C. */
export interface ProcessFunction<T, R, C = ProcessContext> extends Lifecycle {
  processElement(value: T, ctx: C, out: Collector<R>): Ignored;
}

/** The method for timers, behind keyBy; context C. */
export interface OnTimer<R, C> {
  /** A timer of the current key fired. Results of event-time timers carry `timestamp`, of processing-time timers none. */
  onTimer?(timestamp: number, ctx: OnTimerContext<C>, out: Collector<R>): Ignored;
}

/**
 * A process function behind keyBy, as a class implements it. Given to `process` as an object it
 * can declare state, which is then typed by inference.
 *
 * @example
 * orders.keyBy((order) => order.shop).process({
 *   state: { count: valueState<number>("count") },
 *   processElement(order, ctx, out: Collector<number>) {
 *     const count = (ctx.state.count.value() ?? 0) + 1;
 *     ctx.state.count.update(count);
 *     out.collect(count);
 *   },
 * });
 */
export interface KeyedProcessFunction<K, T, R>
  extends ProcessFunction<T, R, KeyedContext<K>>, OnTimer<R, KeyedContext<K>> {}

/** Two inputs, context C. Which input's next element comes first is not defined. */
export interface CoProcessFunction<I extends Inputs, R, C = ProcessContext> extends Lifecycle {
  processElement1(value: I[0], ctx: C, out: Collector<R>): Ignored;
  processElement2(value: I[1], ctx: C, out: Collector<R>): Ignored;
}

/** The types of two inputs, e.g. `[Order, Payment]`. */
export type Inputs = readonly [unknown, unknown];

/** Two inputs with one kind of key: both see the same state and timers. */
export interface KeyedCoProcessFunction<K, I extends Inputs, R>
  extends CoProcessFunction<I, R, KeyedContext<K>>, OnTimer<R, KeyedContext<K>> {}

/** A class whose instances are functions F, one per subtask. */
export interface FunctionClass<F> {
  new (): F;
  /** Keyed state that `open` asks for, so that the plan knows it (decision e). */
  readonly states?: StateDeclarations;
}
