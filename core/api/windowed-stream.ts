import { type Duration, durationMs } from "../duration.ts";
import { PlanError, show } from "../errors.ts";
import type { ComparableField, OutputTag, SumField } from "../operators/index.ts";
import type { Comparable } from "../operators/rolling.ts";
import type { Rolling } from "../operators/rolling-operator.ts";
import type { ReduceFunction } from "../state/index.ts";
import {
  type ProcessWindowFunction,
  type ProcessWindowHandler,
  type Trigger,
  type Window,
  type WindowAssigner,
  type WindowFunctionSpec,
  windowOperator,
} from "../windowing/index.ts";
import { requireOutputTag } from "./checks.ts";
import { type SingleOutputStreamOperator, addOperator } from "./data-stream.ts";
import type { KeyedStream } from "./keyed-stream.ts";
import { inputsFrom } from "./pipeline.ts";
import { extremeByOf, extremeOf, reduceOf, sumOf } from "./rolling-of.ts";
import {
  type AggregateOf,
  type AggregateResult,
  type AnyHandler,
  type AnyResultFunction,
  type WindowResultFunction,
  aggregateFunctionOf,
  handlerOf,
  notAHandler,
  processOf,
} from "./window-functions.ts";

/**
 * A keyed stream whose records are grouped into windows. First say how (`trigger`,
 * `allowedLateness`, `sideOutputLateData`), then what is done with a window's records.
 */
export class WindowedStream<T, K, W extends Window> {
  readonly #stream: KeyedStream<T, K>;
  readonly #assigner: WindowAssigner<T, W>;
  #trigger: Trigger<T, W> | null = null;
  #allowedLatenessMs = 0;
  #lateTag: string | null = null;

  /** @internal */
  constructor(stream: KeyedStream<T, K>, assigner: WindowAssigner<T, W>) {
    this.#stream = stream;
    this.#assigner = assigner;
  }

  /**
   * Decides when windows emit, in place of the assigner's own trigger (semantics 7).
   *
   * @throws PlanError PLAN_ARGUMENT
   * @example flights.keyBy(...).window(GlobalWindows.create()).trigger(CountTrigger.of(100))
   */
  trigger(trigger: Trigger<T, W>): this {
    const isObject = typeof trigger === "object" && trigger !== null;
    if (!isObject || typeof trigger.onElement !== "function") {
      throw new PlanError(`trigger takes a Trigger (got ${show(trigger)})`, {
        code: "PLAN_ARGUMENT",
        hint: "pass for instance CountTrigger.of(100)",
      });
    }
    this.#trigger = trigger;
    return this;
  }

  /**
   * How long a window is kept behind its end for late records, each of which lets it emit again.
   * Default zero.
   *
   * @throws UsageError USAGE_DURATION
   */
  allowedLateness(lateness: Duration): this {
    this.#allowedLatenessMs = durationMs(lateness, "allowedLateness");
    return this;
  }

  /** Sends records whose windows are all over to a side output instead of dropping them. */
  sideOutputLateData(tag: OutputTag<T>): this {
    requireOutputTag(tag, "sideOutputLateData");
    this.#lateTag = tag.id;
    return this;
  }

  /**
   * Folds the records of a window into one, which is emitted, or given to a function:
   * `(key, window, value) => row`, or a process window function (an object).
   *
   * @throws PlanError PLAN_FUNCTION
   */
  reduce(reduce: ReduceFunction<T>): SingleOutputStreamOperator<T>;
  reduce<R>(
    reduce: ReduceFunction<T>,
    then: WindowResultFunction<K, W, T, R> | ProcessWindowHandler<T, R, K, W>,
  ): SingleOutputStreamOperator<R>;
  reduce<R>(
    reduce: ReduceFunction<T>,
    then?: AnyResultFunction | AnyHandler,
  ): SingleOutputStreamOperator<R> {
    const { next } = reduceOf<T>(reduce);
    const process = typeof then === "function" ? processOf(then) : handlerOf(then, "reduce");
    return this.#operator({ kind: "reduce", reduce: next, process });
  }

  /**
   * Folds the records of a window with an aggregate function, or with several by name (`agg`). The
   * result is emitted, or given to a function: `(key, window, value) => row`, or a process window
   * function (an object).
   *
   * @throws PlanError PLAN_FUNCTION
   * @example
   * .aggregate(
   *   { flights: agg.count(), meanDelay: agg.mean((flight) => flight.delay) },
   *   (origin, window, stats) => ({ origin, end: window.end, ...stats }),
   * )
   */
  aggregate<A extends AggregateOf<T>>(aggregate: A): SingleOutputStreamOperator<AggregateResult<A>>;
  aggregate<A extends AggregateOf<T>, R>(
    aggregate: A,
    then:
      | WindowResultFunction<K, W, AggregateResult<A>, R>
      | ProcessWindowHandler<AggregateResult<A>, R, K, W>,
  ): SingleOutputStreamOperator<R>;
  aggregate<R>(
    aggregate: AggregateOf<T>,
    then?: AnyResultFunction | AnyHandler,
  ): SingleOutputStreamOperator<R> {
    const isFunction = typeof then === "function";
    return this.#operator<R>({
      kind: "aggregate",
      aggregate: aggregateFunctionOf(aggregate),
      process: isFunction ? null : handlerOf(then, "aggregate"),
      result: isFunction ? then : null,
    });
  }

  /**
   * Passes all records of a window to a function when it emits. Keeps them until then: `aggregate`
   * and `reduce` need less memory.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example
   * .process((key, { window }, flights, out: WindowCollector<Row>) =>
   *   out.collect({ key, end: window.end, worst: Math.max(...flights.map((flight) => flight.delay)) }))
   */
  process<R>(process: ProcessWindowFunction<T, R, K, W>): SingleOutputStreamOperator<R> {
    if (typeof process === "function") return this.#operator({ kind: "process", process });
    const handler = handlerOf(process, "process");
    if (handler === null) throw notAHandler(process, "process");
    return this.#operator({ kind: "process", process: handler });
  }

  /** The first record of each window with the sum in `field`. */
  sum(field: SumField<T>): SingleOutputStreamOperator<T> {
    return this.#fold(sumOf<T>(field));
  }

  /** The first record of each window with the least value in `field`. */
  min(field: ComparableField<T>): SingleOutputStreamOperator<T> {
    return this.#fold(extremeOf<T>("min", field));
  }

  /** The first record of each window with the greatest value in `field`. */
  max(field: ComparableField<T>): SingleOutputStreamOperator<T> {
    return this.#fold(extremeOf<T>("max", field));
  }

  /** The record of each window with the least value; of equal ones the first. */
  minBy(by: ComparableField<T> | ((value: T) => Comparable)): SingleOutputStreamOperator<T> {
    return this.#fold(extremeByOf<T>("minBy", by));
  }

  /** The record of each window with the greatest value; of equal ones the first. */
  maxBy(by: ComparableField<T> | ((value: T) => Comparable)): SingleOutputStreamOperator<T> {
    return this.#fold(extremeByOf<T>("maxBy", by));
  }

  #fold({ next }: Rolling<T, T>): SingleOutputStreamOperator<T> {
    return this.#operator({ kind: "reduce", reduce: next, process: null });
  }

  #operator<R>(fn: WindowFunctionSpec): SingleOutputStreamOperator<R> {
    const { origin, key } = this.#stream;
    const plan = windowOperator({
      assigner: this.#assigner,
      trigger: this.#trigger,
      allowedLatenessMs: this.#allowedLatenessMs,
      lateTag: this.#lateTag,
      function: fn,
    });
    return addOperator<R>(origin, {
      kind: "window",
      keyed: true,
      inputs: inputsFrom(origin, 0),
      config: plan.config,
      watermarkSteps: plan.watermarkSteps,
      implementation: {
        kind: "operator",
        create: plan.create,
        keys: [key, null],
        states: plan.states,
      },
    });
  }
}
