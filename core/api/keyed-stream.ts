import type {
  ComparableField,
  DeclaresState,
  FunctionClass,
  KeyedContext,
  KeyedProcessFunction,
  NoState,
  OnTimer,
  ProcessFunction,
  StateDeclarations,
  SumField,
} from "../operators/index.ts";
import {
  KeyedProcessOperator,
  type KeyedUserFunction,
} from "../operators/keyed-process-operator.ts";
import { type Rolling, RollingOperator } from "../operators/rolling-operator.ts";
import type { Comparable } from "../operators/rolling.ts";
import { userFunction } from "../operators/user-function.ts";
import type { Key } from "../record/key.ts";
import type { KeySelector } from "../runtime/program.ts";
import { type ReduceFunction, valueState } from "../state/index.ts";
import {
  CountTrigger,
  type GlobalWindow,
  GlobalWindows,
  PurgingTrigger,
  type Window,
  type WindowAssigner,
} from "../windowing/index.ts";
import { KeyedBroadcastConnectedStream } from "./broadcast-connected-stream.ts";
import { BroadcastStream } from "./broadcast-stream.ts";
import { requireAssigner, requireInstance, requireSamePipeline } from "./checks.ts";
import { type CustomOperator, customOperator } from "./custom-operator.ts";
import { type SingleOutputStreamOperator, addOperator } from "./data-stream.ts";
import { KeyedConnectedStreams } from "./keyed-connected-streams.ts";
import {
  EVERY_WATERMARK,
  type NewTransformation,
  type StreamOrigin,
  inputsFrom,
} from "./pipeline.ts";
import { extremeByOf, extremeOf, reduceOf, sumOf } from "./rolling-of.ts";
import { WindowedStream } from "./windowed-stream.ts";

/**
 * A stream grouped by key: all records of one key meet in one subtask, in which state, timers and
 * windows belong to the key.
 */
export class KeyedStream<T, K> {
  /** @internal */
  readonly origin: StreamOrigin;
  /** @internal */
  readonly key: KeySelector;
  /** Only a type: the records and their keys. */
  declare readonly _type?: readonly [T, K];

  /** @internal */
  constructor(origin: StreamOrigin, key: (value: T) => Key) {
    this.origin = origin;
    this.key = key;
  }

  /**
   * Runs a process function with state and timers of the current key. An object serves all
   * subtasks and declares its state; of a class each subtask gets its own instance.
   *
   * @throws PlanError PLAN_FUNCTION, PLAN_STATE, PLAN_DUPLICATE_STATE
   * @example
   * orders.keyBy((order) => [order.shop, order.id]).process({
   *   state: { first: valueState<number>("first", { ttl: { days: 1 } }) },
   *   processElement(order, ctx, out: Collector<Order>) {
   *     if (ctx.state.first.value() !== null) return;
   *     ctx.state.first.update(order.placedAt);
   *     ctx.timers.registerEventTimeTimer(order.placedAt + 3_600_000);
   *     out.collect(order);
   *   },
   *   onTimer(timestamp, ctx, out) { ctx.state.first.clear(); },
   * })
   */
  process<R, S extends StateDeclarations = NoState>(
    fn:
      | (DeclaresState<S> &
          ProcessFunction<T, R, KeyedContext<K, S>> &
          OnTimer<R, KeyedContext<K, S>>)
      | FunctionClass<KeyedProcessFunction<K, T, R>>,
  ): SingleOutputStreamOperator<R> {
    const user = userFunction<KeyedUserFunction>(fn, ["processElement"], "process");
    return this.#operator<R>({
      kind: "keyed-process",
      keyed: true,
      watermarkSteps: EVERY_WATERMARK,
      implementation: {
        kind: "operator",
        create: (setup) => new KeyedProcessOperator(setup, user),
        keys: [this.key, null],
        states: user.states,
      },
    });
  }

  /**
   * Folds the records of each key; emits the running result after every record.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example counts.keyBy((count) => count.word).reduce((a, b) => ({ word: a.word, n: a.n + b.n }))
   */
  reduce(reduce: ReduceFunction<T>): SingleOutputStreamOperator<T> {
    return this.#rolling("reduce", {}, reduceOf<T>(reduce));
  }

  /** The first record of each key with the running sum in `field`. @example sales.keyBy((sale) => sale.shop).sum("amount") */
  sum(field: SumField<T>): SingleOutputStreamOperator<T> {
    return this.#rolling("sum", { field }, sumOf<T>(field));
  }

  /** The first record of each key with the least value so far in `field`; `minBy` takes the whole record. */
  min(field: ComparableField<T>): SingleOutputStreamOperator<T> {
    return this.#rolling("min", { field }, extremeOf<T>("min", field));
  }

  /** The first record of each key with the greatest value so far in `field`. */
  max(field: ComparableField<T>): SingleOutputStreamOperator<T> {
    return this.#rolling("max", { field }, extremeOf<T>("max", field));
  }

  /** The record with the least value so far; of equal ones the first. */
  minBy(by: ComparableField<T> | ((value: T) => Comparable)): SingleOutputStreamOperator<T> {
    return this.#rolling("minBy", byConfig(by), extremeByOf<T>("minBy", by));
  }

  /** The record with the greatest value so far; of equal ones the first. */
  maxBy(by: ComparableField<T> | ((value: T) => Comparable)): SingleOutputStreamOperator<T> {
    return this.#rolling("maxBy", byConfig(by), extremeByOf<T>("maxBy", by));
  }

  /**
   * Groups the records of each key into windows.
   *
   * @throws PlanError PLAN_ARGUMENT
   * @example flights.keyBy((flight) => flight.origin).window(TumblingEventTimeWindows.of({ hours: 1 }))
   */
  window<W extends Window>(
    // W is what `windowOf` returns: a default trigger may be for windows of any kind.
    assigner: WindowAssigner<T, NoInfer<W>> & { windowOf(id: string | number): W },
  ): WindowedStream<T, K, W> {
    requireAssigner(assigner);
    return new WindowedStream<T, K, W>(this, assigner);
  }

  /**
   * Windows of `n` records of a key each; what is left at the end is never emitted.
   *
   * @throws PlanError
   * @example clicks.keyBy((click) => click.user).countWindow(100).sum("n")
   */
  countWindow(n: number): WindowedStream<T, K, GlobalWindow> {
    return this.window(GlobalWindows.create()).trigger(PurgingTrigger.of(CountTrigger.of(n)));
  }

  /** Brings two keyed streams together in one operator, or a keyed stream and broadcast state. */
  connect<U>(other: BroadcastStream<U>): KeyedBroadcastConnectedStream<T, U, K>;
  connect<U>(other: KeyedStream<U, K>): KeyedConnectedStreams<T, U, K>;
  connect<U>(
    other: KeyedStream<U, K> | BroadcastStream<U>,
  ): KeyedConnectedStreams<T, U, K> | KeyedBroadcastConnectedStream<T, U, K> {
    const { pipeline } = this.origin;
    if (other instanceof BroadcastStream) {
      requireSamePipeline(pipeline, other.origin.pipeline, "connect");
      return new KeyedBroadcastConnectedStream<T, U, K>(this.origin, this.key, other);
    }
    const hint = "call keyBy on the other stream too, or pass stream.broadcast(descriptor)";
    requireInstance(other, KeyedStream<U, K>, "connect", hint);
    requireSamePipeline(pipeline, other.origin.pipeline, "connect");
    return new KeyedConnectedStreams<T, U, K>(this, other);
  }

  /**
   * A keyed operator of your own: a subclass of `Operator`, which has state and timers of the key.
   *
   * @throws PlanError PLAN_FUNCTION, PLAN_STATE
   */
  transform<R>(name: string, operator: CustomOperator): SingleOutputStreamOperator<R> {
    return this.#operator<R>(customOperator(name, operator, [this.key, null]));
  }

  #rolling(
    kind: string,
    config: Readonly<Record<string, string>>,
    rolling: Rolling<T, T>,
  ): SingleOutputStreamOperator<T> {
    const descriptor = valueState<T>("rolling");
    return this.#operator<T>({
      kind,
      keyed: true,
      config,
      implementation: {
        kind: "operator",
        create: (setup) => new RollingOperator<T, T>(setup, rolling, descriptor),
        keys: [this.key, null],
        states: [descriptor],
      },
    });
  }

  #operator<R>(added: Omit<NewTransformation, "inputs">): SingleOutputStreamOperator<R> {
    return addOperator<R>(this.origin, { ...added, inputs: inputsFrom(this.origin, 0) });
  }
}

function byConfig(by: unknown): Readonly<Record<string, string>> {
  return typeof by === "string" ? { field: by } : {};
}
