import { BroadcastProcessOperator } from "../operators/broadcast-process-operator.ts";
import type {
  BroadcastProcessFunction,
  FunctionClass,
  KeyedBroadcastProcessFunction,
  KeyedContext,
  DeclaresState,
  NoState,
  OnTimer,
  ReadsBroadcast,
  StateDeclarations,
} from "../operators/index.ts";
import {
  KeyedBroadcastProcessOperator,
  type KeyedBroadcastUserFunction,
} from "../operators/keyed-broadcast-process-operator.ts";
import { userFunction } from "../operators/user-function.ts";
import type { KeySelector } from "../runtime/program.ts";
import type { BroadcastStream } from "./broadcast-stream.ts";
import { refuseState } from "./checks.ts";
import { type SingleOutputStreamOperator, addOperator } from "./data-stream.ts";
import { EVERY_WATERMARK, type StreamOrigin, inputsFrom, stateless } from "./pipeline.ts";

const METHODS = ["processElement", "processBroadcastElement"];

/** A stream without key beside a broadcast stream. */
export class BroadcastConnectedStream<T, U> {
  readonly #first: StreamOrigin;
  readonly #second: BroadcastStream<U>;
  /** Only a type: the records of the stream that is not broadcast. */
  declare readonly _type?: T;

  /** @internal */
  constructor(first: StreamOrigin, second: BroadcastStream<U>) {
    this.#first = first;
    this.#second = second;
  }

  /**
   * The stream reads broadcast state, the broadcast stream writes it.
   *
   * @throws PlanError PLAN_FUNCTION, PLAN_NOT_KEYED
   * @example
   * orders.connect(updates.broadcast(rules)).process({
   *   processElement(order, ctx, out: Collector<Order>) {
   *     if (ctx.getBroadcastState(rules).get(order.shop) !== null) out.collect(order);
   *   },
   *   processBroadcastElement(rule, ctx) { ctx.getBroadcastState(rules).put(rule.shop, rule); },
   * })
   */
  process<R>(
    fn: BroadcastProcessFunction<[T, U], R> | FunctionClass<BroadcastProcessFunction<[T, U], R>>,
  ): SingleOutputStreamOperator<R> {
    const user = userFunction<BroadcastProcessFunction<[T, U], R>>(fn, METHODS, "process");
    refuseState(user.states, "process");
    const { descriptors } = this.#second;
    return addOperator<R>(this.#first, {
      kind: "broadcast-process",
      inputs: [...inputsFrom(this.#first, 0), ...inputsFrom(this.#second.origin, 1)],
      config: broadcastConfig(this.#second),
      watermarkSteps: EVERY_WATERMARK,
      implementation: stateless((setup) => new BroadcastProcessOperator(setup, user, descriptors)),
    });
  }
}

/** A keyed stream beside a broadcast stream. */
export class KeyedBroadcastConnectedStream<T, U, K> {
  readonly #first: StreamOrigin;
  readonly #key: KeySelector;
  readonly #second: BroadcastStream<U>;
  /** Only a type: the records of the keyed stream, and its keys. */
  declare readonly _type?: readonly [T, K];

  /** @internal */
  constructor(first: StreamOrigin, key: KeySelector, second: BroadcastStream<U>) {
    this.#first = first;
    this.#key = key;
    this.#second = second;
  }

  /**
   * The keyed side has state and timers of the key and reads broadcast state; the broadcast side
   * writes it and has neither key nor timers.
   *
   * @throws PlanError PLAN_FUNCTION, PLAN_STATE
   */
  process<R, S extends StateDeclarations = NoState>(
    fn:
      | (DeclaresState<S> &
          BroadcastProcessFunction<[T, U], R, KeyedContext<K, S> & ReadsBroadcast> &
          OnTimer<R, KeyedContext<K, S> & ReadsBroadcast>)
      | FunctionClass<KeyedBroadcastProcessFunction<K, [T, U], R>>,
  ): SingleOutputStreamOperator<R> {
    const user = userFunction<KeyedBroadcastUserFunction>(fn, METHODS, "process");
    const { descriptors } = this.#second;
    return addOperator<R>(this.#first, {
      kind: "keyed-broadcast-process",
      keyed: true,
      inputs: [...inputsFrom(this.#first, 0), ...inputsFrom(this.#second.origin, 1)],
      config: broadcastConfig(this.#second),
      watermarkSteps: EVERY_WATERMARK,
      implementation: {
        kind: "operator",
        create: (setup) => new KeyedBroadcastProcessOperator(setup, user, descriptors),
        keys: [this.#key, null],
        states: user.states,
      },
    });
  }
}

function broadcastConfig(stream: BroadcastStream<unknown>): Readonly<Record<string, string>> {
  return { broadcast: stream.descriptors.map(({ name }) => name).join(", ") };
}
