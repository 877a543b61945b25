import { PlanError, show } from "../errors.ts";
import {
  extremeByRolling,
  extremeRolling,
  reduceRolling,
  sumRolling,
} from "../operators/rolling.ts";
import type { Rolling } from "../operators/rolling-operator.ts";
import { requireFunction } from "../operators/user-function.ts";
import type { ReduceFunction } from "../state/index.ts";

/** Checks what `reduce` was given. */
export function reduceOf<T>(reduce: ReduceFunction<T>): Rolling<T, T> {
  requireFunction(reduce, "reduce", "reduce((left, right) => left + right)");
  return reduceRolling(reduce);
}

export function sumOf<T>(field: string): Rolling<T, T> {
  requireField(field, "sum");
  return sumRolling(field) as unknown as Rolling<T, T>; // T has the field: SumField<T>
}

export function extremeOf<T>(name: "min" | "max", field: string): Rolling<T, T> {
  requireField(field, name);
  const rolling = extremeRolling(name, field, name === "min" ? 1 : -1);
  return rolling as unknown as Rolling<T, T>; // T has the field: ComparableField<T>
}

/** `by`: a field, or a function that selects what is compared. */
export function extremeByOf<T>(name: "minBy" | "maxBy", by: unknown): Rolling<T, T> {
  const sign = name === "minBy" ? 1 : -1;
  if (typeof by === "function") return extremeByRolling(name, by as (value: T) => unknown, sign);
  requireField(by, name);
  return extremeByRolling(
    name,
    (value: T) => (value as Readonly<Record<string, unknown>>)[by],
    sign,
  ); // T has the field
}

function requireField(field: unknown, method: string): asserts field is string {
  if (typeof field === "string" && field !== "") return;
  throw new PlanError(`${method} takes the name of a field (got ${show(field)})`, {
    code: "PLAN_ARGUMENT",
    hint: `write for instance ${method}("amount")`,
  });
}
