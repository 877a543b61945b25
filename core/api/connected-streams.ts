import { CoFlatMapOperator } from "../operators/co-flat-map-operator.ts";
import { CoMapOperator } from "../operators/co-map-operator.ts";
import { CoProcessOperator } from "../operators/co-process-operator.ts";
import type {
  CoProcessFunction,
  FlatMapFunction,
  FunctionClass,
  Sync,
} from "../operators/index.ts";
import { requireFunction, userFunction } from "../operators/user-function.ts";
import type { Key } from "../record/key.ts";
import { refuseState } from "./checks.ts";
import { type CustomOperator, customOperator } from "./custom-operator.ts";
import { type DataStream, type SingleOutputStreamOperator, addOperator } from "./data-stream.ts";
import { KeyedConnectedStreams } from "./keyed-connected-streams.ts";
import { EVERY_WATERMARK, type NewTransformation, inputsFrom, stateless } from "./pipeline.ts";

/**
 * Two streams that meet in one operator. Its watermark is the lesser one of both; which stream's
 * next record comes first is not defined.
 */
export class ConnectedStreams<T, U> {
  readonly #first: DataStream<T>;
  readonly #second: DataStream<U>;

  /** @internal */
  constructor(first: DataStream<T>, second: DataStream<U>) {
    this.#first = first;
    this.#second = second;
  }

  /**
   * One result per record of either stream.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example orders.connect(payments).map((order) => order.id, (payment) => payment.orderId)
   */
  map<R>(map1: (value: T) => Sync<R>, map2: (value: U) => Sync<R>): SingleOutputStreamOperator<R> {
    const example = "map((first) => first.id, (second) => second.id)";
    requireFunction(map1, "map", example);
    requireFunction(map2, "map", example);
    return this.#operator<R>({
      kind: "co-map",
      implementation: stateless((setup) => new CoMapOperator<T, U, R>(setup, map1, map2)),
    });
  }

  /**
   * Any number of results per record of either stream.
   *
   * @throws PlanError PLAN_FUNCTION
   */
  flatMap<R>(
    flatMap1: FlatMapFunction<T, R>,
    flatMap2: FlatMapFunction<U, R>,
  ): SingleOutputStreamOperator<R> {
    const example = "flatMap((first, out) => out.collect(first), (second, out) => {})";
    requireFunction(flatMap1, "flatMap", example);
    requireFunction(flatMap2, "flatMap", example);
    return this.#operator<R>({
      kind: "co-flat-map",
      implementation: stateless(
        (setup) => new CoFlatMapOperator<T, U, R>(setup, flatMap1, flatMap2),
      ),
    });
  }

  /**
   * Runs a process function over both streams, without key; `keyBy` gives it state and timers.
   *
   * @throws PlanError PLAN_FUNCTION, PLAN_NOT_KEYED
   */
  process<R>(
    fn: CoProcessFunction<[T, U], R> | FunctionClass<CoProcessFunction<[T, U], R>>,
  ): SingleOutputStreamOperator<R> {
    const methods = ["processElement1", "processElement2"];
    const user = userFunction<CoProcessFunction<[T, U], R>>(fn, methods, "process");
    refuseState(user.states, "process");
    return this.#operator<R>({
      kind: "co-process",
      watermarkSteps: EVERY_WATERMARK,
      implementation: stateless((setup) => new CoProcessOperator<[T, U], R>(setup, user)),
    });
  }

  /**
   * Groups both streams by a common key: the operator sees state and timers of a key from both.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example orders.connect(payments).keyBy((order) => order.id, (payment) => payment.orderId)
   */
  keyBy<K extends Key>(
    key1: (value: T) => K,
    key2: (value: U) => K,
  ): KeyedConnectedStreams<T, U, K> {
    return new KeyedConnectedStreams<T, U, K>(this.#first.keyBy(key1), this.#second.keyBy(key2));
  }

  /** A two-input operator of your own: a subclass of `TwoInputOperator`. */
  transform<R>(name: string, operator: CustomOperator): SingleOutputStreamOperator<R> {
    return this.#operator<R>(customOperator(name, operator, [null, null]));
  }

  #operator<R>(added: Omit<NewTransformation, "inputs">): SingleOutputStreamOperator<R> {
    const { origin } = this.#first;
    const inputs = [...inputsFrom(origin, 0), ...inputsFrom(this.#second.origin, 1)];
    return addOperator<R>(origin, { ...added, inputs });
  }
}
