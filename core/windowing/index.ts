export { agg } from "./agg.ts";
export { AggregateRecord, aggregateOf } from "./aggregate-record.ts";
export type { AggregateResults, AggregatorRecord } from "./aggregate-record.ts";
export type { Aggregator } from "./aggregator.ts";
export { ContinuousEventTimeTrigger } from "./continuous-event-time-trigger.ts";
export { CountTrigger } from "./count-trigger.ts";
export { EventTimeTrigger } from "./event-time-trigger.ts";
export { GlobalWindows } from "./global-windows.ts";
export { NeverTrigger } from "./never-trigger.ts";
export type {
  ProcessWindowCallback,
  ProcessWindowContext,
  ProcessWindowFunction,
  ProcessWindowHandler,
  WindowCollector,
  WindowOutputTag,
} from "./process-window-function.ts";
export { ProcessingTimeTrigger } from "./processing-time-trigger.ts";
export { PurgingTrigger } from "./purging-trigger.ts";
export { EventTimeSessionWindows, ProcessingTimeSessionWindows } from "./session-windows.ts";
export type { SessionGapExtractor } from "./session-windows.ts";
export { SlidingEventTimeWindows, SlidingProcessingTimeWindows } from "./sliding-windows.ts";
export type { OnMergeContext, StateOf, Trigger, TriggerContext, TriggerResult } from "./trigger.ts";
export { TumblingEventTimeWindows, TumblingProcessingTimeWindows } from "./tumbling-windows.ts";
export type { AlignedWindows, WindowAssigner, WindowAssignerContext } from "./window-assigner.ts";
export { windowOperator } from "./window-operator-plan.ts";
export type { WindowFunctionSpec, WindowOperatorPlan, WindowSpec } from "./window-spec.ts";
export { GlobalWindow, TimeWindow } from "./window.ts";
export type { Window } from "./window.ts";
