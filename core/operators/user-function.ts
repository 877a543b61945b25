import { PlanError, show } from "../errors.ts";
import type { StateDescriptor } from "../state/index.ts";
import { type StateDeclarations, declaredStates } from "./declared-state.ts";

/** A process function as `process` got it, object or class, checked. */
export interface UserFunction<F> {
  /** The object itself, or a new instance of the class: once per subtask. */
  readonly create: () => F;
  /** State whose handles go into `ctx.state`; empty for classes. */
  readonly declarations: StateDeclarations;
  /** All state the plan knows of. */
  readonly states: readonly StateDescriptor[];
}

const NONE: StateDeclarations = Object.freeze({});

/**
 * Reads what was given to a `process` method. `methods` must be there; `where` names the call.
 *
 * @throws PlanError PLAN_FUNCTION, PLAN_STATE, PLAN_DUPLICATE_STATE
 */
export function userFunction<F>(
  given: unknown,
  methods: readonly string[],
  where: string,
): UserFunction<F> {
  if (typeof given === "function") return ofClass<F>(given, methods, where);
  if (typeof given !== "object" || given === null) throw invalid(where, given, methods);
  requireMethods(given, methods, where);
  const { state } = given as { readonly state?: unknown };
  const states = declaredStates(state, where);
  return {
    create: () => given as F, // its methods are checked above
    declarations: state === undefined ? NONE : (state as StateDeclarations), // checked by declaredStates
    states,
  };
}

function ofClass<F>(given: Function, methods: readonly string[], where: string): UserFunction<F> {
  const prototype: unknown = given.prototype;
  if (typeof prototype !== "object" || prototype === null) throw invalid(where, given, methods);
  requireMethods(prototype, methods, where);
  const FunctionClass = given as unknown as { new (): F; readonly states?: unknown }; // it has a prototype with the methods
  return {
    create: () => new FunctionClass(),
    declarations: NONE,
    states: declaredStates(FunctionClass.states, where),
  };
}

function requireMethods(target: object, methods: readonly string[], where: string): void {
  for (const method of methods) {
    const found: unknown = Reflect.get(target, method);
    if (typeof found === "function") continue;
    throw new PlanError(`${where}: ${method} is no function (got ${show(found)})`, {
      code: "PLAN_FUNCTION",
      hint: `give the object or class the method${methods.length > 1 ? "s" : ""} ${methods.join(" and ")}`,
    });
  }
}

function invalid(where: string, given: unknown, methods: readonly string[]): PlanError {
  return new PlanError(`${where} takes an object or a class (got ${show(given)})`, {
    code: "PLAN_FUNCTION",
    hint: `write for instance ${where}({ ${methods[0]}(value, ctx, out) { out.collect(value) } })`,
  });
}

/** Checks that `given` is a function; `where` names the call and `example` shows it. */
export function requireFunction(given: unknown, where: string, example: string): void {
  if (typeof given === "function") return;
  throw new PlanError(`${where} takes a function (got ${show(given)})`, {
    code: "PLAN_FUNCTION",
    hint: `write for instance ${example}`,
  });
}
