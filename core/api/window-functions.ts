import { PlanError, show } from "../errors.ts";
import { declaredStates } from "../operators/declared-state.ts";
import type { Sync } from "../operators/index.ts";
import type { AggregateFunction } from "../state/index.ts";
import {
  type AggregateResults,
  type AggregatorRecord,
  type ProcessWindowHandler,
  aggregateOf,
} from "../windowing/index.ts";

/** Makes a row of a window's one result. */
export type WindowResultFunction<K, W, V, R> = (key: K, window: W, value: V) => Sync<R>;

// oxlint-disable typescript/no-explicit-any -- any is the top type of functions
/** What `aggregate` takes: an aggregate function, or aggregates by name (`agg`). */
export type AggregateOf<T> = AggregateFunction<T, any, any> | AggregatorRecord<T>;

/** The result of what `aggregate` takes. */
export type AggregateResult<A> =
  A extends AggregateFunction<any, any, infer V> ? V : AggregateResults<A>;

export type AnyAggregate = AggregateFunction<any, any, any>;
export type AnyResultFunction = (key: any, window: any, value: any) => any;
export type AnyHandler = ProcessWindowHandler<any, any, any, any>;
// oxlint-enable typescript/no-explicit-any

/** The aggregate function of what `aggregate` was given: one, or a record of `agg`. */
export function aggregateFunctionOf(given: unknown): AnyAggregate {
  if (isAggregate(given)) return given;
  if (typeof given !== "object" || given === null) throw notAnAggregate(given);
  // oxlint-disable-next-line typescript/no-explicit-any -- aggregateOf checks each of them
  return aggregateOf(given as AggregatorRecord<any>);
}

function isAggregate(given: unknown): given is AnyAggregate {
  if (typeof given !== "object" || given === null) return false;
  const methods = ["createAccumulator", "add", "getResult"];
  return methods.every((method) => typeof Reflect.get(given, method) === "function");
}

function notAnAggregate(given: unknown): PlanError {
  return new PlanError(`aggregate takes no such aggregate function (got ${show(given)})`, {
    code: "PLAN_FUNCTION",
    hint: "pass for instance { orders: agg.count(), total: agg.sum((order) => order.amount) }",
  });
}

/** A function `(key, window, value) => row` as the process window function of a single value. */
export function processOf(result: AnyResultFunction): AnyHandler {
  return {
    process(
      key: unknown,
      context: { readonly window: unknown },
      elements: readonly unknown[],
      out,
    ) {
      out.collect(result(key, context.window, elements[0]));
    },
  };
}

/** Null: none was given. */
export function handlerOf(given: unknown, where: string): AnyHandler | null {
  if (given === undefined || given === null) return null;
  if (typeof given !== "object") throw notAHandler(given, where);
  const handler = given as AnyHandler; // checked on the next line
  if (typeof handler.process !== "function") throw notAHandler(given, where);
  declaredStates(handler.state, where);
  return handler;
}

export function notAHandler(given: unknown, where: string): PlanError {
  return new PlanError(`${where} takes no such process window function (got ${show(given)})`, {
    code: "PLAN_FUNCTION",
    hint: "pass an object with process(key, context, elements, out), or a function",
  });
}
