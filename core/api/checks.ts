import { PlanError, show } from "../errors.ts";
import { isName } from "../ids.ts";
import { limits } from "../limits.ts";
import { OutputTag } from "../operators/output-tag.ts";
import type { StateDescriptor } from "../state/index.ts";
import type { Pipeline } from "./pipeline.ts";

const NAMES =
  "use letters, digits and . _ -, beginning with a letter or digit, at most 128 characters";

/** Refuses what cannot be a uid or the name of a group; `what` names it. */
export function requireName(name: unknown, code: string, what: string): void {
  if (typeof name === "string" && isName(name)) return;
  throw new PlanError(`${what} is not valid (got ${show(name)})`, { code, hint: NAMES });
}

export function requireParallelism(parallelism: unknown, what: string, max: number): void {
  const known = typeof parallelism === "number" && Number.isInteger(parallelism);
  if (known && parallelism >= 1 && parallelism <= max) return;
  throw new PlanError(`${what} is not an integer from 1 to ${max} (got ${show(parallelism)})`, {
    code: "PLAN_PARALLELISM",
    hint: `give a number of subtasks, at most ${limits.parallelismMax}`,
  });
}

/** Checks that `given` has the methods of a source or a sink. */
export function requireConnector(given: unknown, methods: readonly string[], where: string): void {
  const isObject = typeof given === "object" && given !== null;
  if (isObject && methods.every((method) => typeof Reflect.get(given, method) === "function")) {
    return;
  }
  throw new PlanError(`${where} takes an object with ${methods.join(", ")} (got ${show(given)})`, {
    code: "PLAN_CONNECTOR",
    hint: "pass what a connector function returns, for instance fileSource({ ... }) or fileSink({ ... })",
  });
}

/** Streams can only be joined within the environment that made them. */
export function requireSamePipeline(left: Pipeline, right: Pipeline, where: string): void {
  if (left === right) return;
  throw new PlanError(`${where}: the streams belong to different environments`, {
    code: "PLAN_OTHER_ENVIRONMENT",
    hint: "make both from the env that build was called with",
  });
}

/** Refuses an argument that is no instance of the class that `where` needs. */
export function requireInstance<C>(
  given: unknown,
  kind: abstract new (...args: never) => C,
  where: string,
  hint: string,
): asserts given is C {
  if (given instanceof kind) return;
  throw new PlanError(`${where} takes a ${kind.name} (got ${show(given)})`, {
    code: "PLAN_ARGUMENT",
    hint,
  });
}

export function requireOutputTag(given: unknown, where: string): void {
  requireInstance(given, OutputTag, where, 'pass a tag made with new OutputTag("name")');
}

export function requireWatermarkStrategy(given: unknown, where: string): void {
  const isObject = typeof given === "object" && given !== null;
  if (isObject && "createGenerator" in given && "describe" in given) return;
  throw new PlanError(`${where} takes a WatermarkStrategy (got ${show(given)})`, {
    code: "PLAN_ARGUMENT",
    hint: "pass for instance WatermarkStrategy.noWatermarks()",
  });
}

/** Keyed state in a place that has no key. */
export function refuseState(states: readonly StateDescriptor[], where: string): void {
  const [first] = states;
  if (first === undefined) return;
  throw new PlanError(`${where} declares the state "${first.name}" but has no key`, {
    code: "PLAN_NOT_KEYED",
    hint: "call keyBy(...) directly before it",
  });
}

/** Checks what `window` was given. */
export function requireAssigner(given: unknown): void {
  const isObject = typeof given === "object" && given !== null;
  if (isObject && typeof Reflect.get(given, "assignWindows") === "function") return;
  throw new PlanError(`window takes a WindowAssigner (got ${show(given)})`, {
    code: "PLAN_ARGUMENT",
    hint: "pass for instance TumblingEventTimeWindows.of({ hours: 1 })",
  });
}
