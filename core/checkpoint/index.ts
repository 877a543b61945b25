export type * from "./snapshot.ts";
export type * from "./checkpoint-event.ts";
export { type SubtaskAcknowledgement, assembleOperators } from "./assemble-operators.ts";
export { CheckpointCoordinator } from "./coordinator.ts";
export type {
  CapturedCoordinator,
  CoordinatorOptions,
  CoordinatorSettings,
} from "./coordinator-options.ts";
export { KeyedFileChains } from "./keyed-file-chains.ts";
export { type KeyedFileName, keyedFileRef } from "./keyed-file-name.ts";
export {
  type OperatorRestorePlan,
  type RestoreOptions,
  type RestorePlan,
  type SubtaskRestorePlan,
  planRestore,
} from "./restore-plan.ts";
export type { RunRecord, RunStatus } from "./run-record.ts";
export {
  type CheckpointStorageOptions,
  type LatestCheckpoint,
  CheckpointStorage,
} from "./storage.ts";
