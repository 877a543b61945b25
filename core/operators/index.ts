export type {
  Collector,
  FilterFunction,
  FlatMapFunction,
  Ignored,
  MapFunction,
  Sync,
  SynchronousFunctionsOnly,
} from "./functions.ts";
export { OutputTag } from "./output-tag.ts";
export type {
  CoProcessFunction,
  DeclaresState,
  FunctionClass,
  Inputs,
  KeyedContext,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  Lifecycle,
  OnTimer,
  OnTimerContext,
  ProcessContext,
  ProcessFunction,
  RecordContext,
  TimeDomain,
} from "./process-function.ts";
export type {
  BroadcastContext,
  BroadcastProcessFunction,
  KeyedBroadcastProcessFunction,
  ReadsBroadcast,
} from "./broadcast-function.ts";
export type { NoState, StateDeclarations, StateHandle, StateHandles } from "./declared-state.ts";
export type { RuntimeContext } from "./runtime-context.ts";
export type { OperatorTime, Timers } from "./timers.ts";
export type { Comparable, ComparableField, SumField } from "./rolling.ts";
