import type {
  CoProcessFunction,
  DeclaresState,
  FunctionClass,
  KeyedCoProcessFunction,
  KeyedContext,
  NoState,
  OnTimer,
  StateDeclarations,
} from "../operators/index.ts";
import {
  KeyedCoProcessOperator,
  type KeyedCoUserFunction,
} from "../operators/keyed-co-process-operator.ts";
import { userFunction } from "../operators/user-function.ts";
import { type CustomOperator, customOperator } from "./custom-operator.ts";
import { type SingleOutputStreamOperator, addOperator } from "./data-stream.ts";
import type { KeyedStream } from "./keyed-stream.ts";
import { EVERY_WATERMARK, type NewTransformation, inputsFrom } from "./pipeline.ts";

/** Two keyed streams that meet in one operator, which sees state and timers of a key from both. */
export class KeyedConnectedStreams<T, U, K> {
  readonly #first: KeyedStream<T, K>;
  readonly #second: KeyedStream<U, K>;

  /** @internal */
  constructor(first: KeyedStream<T, K>, second: KeyedStream<U, K>) {
    this.#first = first;
    this.#second = second;
  }

  /**
   * Runs a process function over both streams, with state and timers of the key.
   *
   * @throws PlanError PLAN_FUNCTION, PLAN_STATE
   * @example
   * orders.keyBy((order) => order.id).connect(payments.keyBy((payment) => payment.orderId)).process({
   *   state: { order: valueState<Order>("order") },
   *   processElement1(order, ctx) { ctx.state.order.update(order); },
   *   processElement2(payment, ctx, out: Collector<Paid>) {
   *     const order = ctx.state.order.value();
   *     if (order !== null) out.collect({ order, payment });
   *   },
   * })
   */
  process<R, S extends StateDeclarations = NoState>(
    fn:
      | (DeclaresState<S> &
          CoProcessFunction<[T, U], R, KeyedContext<K, S>> &
          OnTimer<R, KeyedContext<K, S>>)
      | FunctionClass<KeyedCoProcessFunction<K, [T, U], R>>,
  ): SingleOutputStreamOperator<R> {
    const methods = ["processElement1", "processElement2"];
    const user = userFunction<KeyedCoUserFunction>(fn, methods, "process");
    return this.#operator<R>({
      kind: "keyed-co-process",
      keyed: true,
      watermarkSteps: EVERY_WATERMARK,
      implementation: {
        kind: "operator",
        create: (setup) => new KeyedCoProcessOperator(setup, user),
        keys: [this.#first.key, this.#second.key],
        states: user.states,
      },
    });
  }

  /** A keyed two-input operator of your own: a subclass of `TwoInputOperator`. */
  transform<R>(name: string, operator: CustomOperator): SingleOutputStreamOperator<R> {
    return this.#operator<R>(customOperator(name, operator, [this.#first.key, this.#second.key]));
  }

  #operator<R>(added: Omit<NewTransformation, "inputs">): SingleOutputStreamOperator<R> {
    const { origin } = this.#first;
    const inputs = [...inputsFrom(origin, 0), ...inputsFrom(this.#second.origin, 1)];
    return addOperator<R>(origin, { ...added, inputs });
  }
}
