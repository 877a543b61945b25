export { defineJob, isJob } from "./define-job.ts";
export type { BuildContext, Job, JobDefinition } from "./define-job.ts";
export { param } from "./param.ts";
export type { Param, ParamDeclarations, ParamOptions, ParamValues } from "./param.ts";
export { restartStrategy } from "./restart-strategy.ts";
export type { FixedDelayOptions } from "./restart-strategy.ts";
export { Secret } from "./secret.ts";
export type { SecretReference } from "./secret.ts";
export type { CheckpointingOptions, ConfigSettings, Settings, StageSettings } from "./settings.ts";
export type {
  StandardSchema,
  StandardSchemaIssue,
  StandardSchemaResult,
} from "./standard-schema.ts";
export {
  BroadcastConnectedStream,
  KeyedBroadcastConnectedStream,
} from "./broadcast-connected-stream.ts";
export { BroadcastStream } from "./broadcast-stream.ts";
export type { AnyMapState } from "./broadcast-stream.ts";
export { ConnectedStreams } from "./connected-streams.ts";
export type { CustomOperator } from "./custom-operator.ts";
export { DataStreamSink } from "./data-stream-sink.ts";
export { DataStream, SingleOutputStreamOperator } from "./data-stream.ts";
export { StreamExecutionEnvironment } from "./environment.ts";
export type { CollectionOptions } from "./environment.ts";
export { KeyedConnectedStreams } from "./keyed-connected-streams.ts";
export { KeyedStream } from "./keyed-stream.ts";
export { OperatorSettings } from "./operator-settings.ts";
export type { WindowResultFunction } from "./window-functions.ts";
export { WindowedStream } from "./windowed-stream.ts";
