import { PlanError, show } from "../errors.ts";
import { declaredStates } from "../operators/declared-state.ts";
import { requireFunction } from "../operators/user-function.ts";
import type { WatermarkSteps } from "../plan/plan.ts";
import type { OperatorFactory } from "../runtime/operator.ts";
import type { KeySelector } from "../runtime/program.ts";
import type { StateDescriptor } from "../state/index.ts";
import { EVERY_WATERMARK, type NewTransformation } from "./pipeline.ts";

/** An operator of your own, as `transform` takes it. */
export interface CustomOperator {
  /** Makes the operator of one subtask. */
  readonly create: OperatorFactory;
  /** Keyed state, so that the plan knows it; only behind `keyBy`. */
  readonly states?: readonly StateDescriptor[];
  /** Settings for `explain`; part of the plan's hash. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * To which instants the operator reacts when the watermark passes them. Default: every advance;
   * null: none, it only passes the watermark on.
   */
  readonly watermarkSteps?: WatermarkSteps | null;
}

/**
 * What `transform` adds, without its inputs.
 *
 * @throws PlanError PLAN_FUNCTION, PLAN_STATE, PLAN_NOT_KEYED
 */
export function customOperator(
  name: string,
  operator: CustomOperator,
  keys: readonly [KeySelector | null, KeySelector | null],
): Omit<NewTransformation, "inputs"> {
  const create: unknown = operator?.create;
  requireFunction(
    create,
    "transform",
    'transform("name", { create: (setup) => new MyOperator(setup) })',
  );
  const states = operator.states ?? [];
  declaredStates(states, "transform");
  const keyed = keys[0] !== null || keys[1] !== null;
  if (states.length > 0 && !keyed) {
    throw new PlanError(`transform ${show(name)} has keyed state but no key`, {
      code: "PLAN_NOT_KEYED",
      hint: "call keyBy(...) directly before it",
    });
  }
  return {
    kind: "custom",
    name,
    keyed,
    config: operator.config ?? {},
    watermarkSteps:
      operator.watermarkSteps === undefined ? EVERY_WATERMARK : operator.watermarkSteps,
    implementation: { kind: "operator", create: operator.create, keys, states },
  };
}
