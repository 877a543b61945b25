// oxlint-disable typescript/no-explicit-any -- the plan connects windows of any types; the fluent API checks them
import type { WatermarkSteps } from "../plan/plan.ts";
import type { OperatorFactory } from "../runtime/operator.ts";
import type { AggregateFunction, ReduceFunction, StateDescriptor } from "../state/index.ts";
import type { AnyProcessWindowFunction } from "./process-window-function.ts";
import type { Trigger } from "./trigger.ts";
import type { WindowAssigner } from "./window-assigner.ts";

/** What is done with the elements of a window. */
export type WindowFunctionSpec =
  | {
      readonly kind: "reduce";
      readonly reduce: ReduceFunction<any>;
      readonly process: AnyProcessWindowFunction | null;
      readonly result?: ((key: any, window: any, value: any) => any) | null;
    }
  | {
      readonly kind: "aggregate";
      readonly aggregate: AggregateFunction<any, any, any>;
      readonly process: AnyProcessWindowFunction | null;
      readonly result: ((key: any, window: any, value: any) => any) | null;
    }
  | { readonly kind: "process"; readonly process: AnyProcessWindowFunction };

/** A window as the fluent API describes it. */
export interface WindowSpec {
  readonly assigner: WindowAssigner<any, any>;
  /** Null: the assigner's default. */
  readonly trigger: AnyTrigger | null;
  readonly allowedLatenessMs: number;
  /** The side output of elements whose windows are all late; null: they are counted and dropped. */
  readonly lateTag: string | null;
  readonly function: WindowFunctionSpec;
}

/** What the plan needs of a window. */
export interface WindowOperatorPlan {
  readonly create: OperatorFactory;
  readonly states: readonly StateDescriptor[];
  readonly config: Readonly<Record<string, string>>;
  readonly watermarkSteps: WatermarkSteps;
}

/** A trigger of any types. */
export type AnyTrigger = Trigger<any, any>;
