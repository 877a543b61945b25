import type { CheckpointKind } from "./checkpoint-event.ts";
import type { CapturedSchedule } from "./checkpoint-schedule.ts";
import type { CapturedFailures } from "./failure-counter.ts";
import type { CapturedCheckpoint } from "./pending-checkpoint.ts";

/** Times in milliseconds. */
export interface CoordinatorSettings {
  /** From one periodic trigger to the next; null: none but requests and the last one. */
  readonly intervalMs: number | null;
  /** A checkpoint whose acknowledgements take this long is given up. */
  readonly timeoutMs: number;
  /** From the completion of the last checkpoint to the next periodic trigger. */
  readonly minPauseMs: number;
  readonly maxConcurrent: number;
  /** Failures in a row that do not fail the job. */
  readonly tolerableFailures: number;
  /** How many completed checkpoints are kept. */
  readonly retained: number;
}

export interface CoordinatorOptions {
  readonly settings: CoordinatorSettings;
  /** Every subtask of the job: each has to acknowledge. */
  readonly subtasks: readonly { readonly vertex: string; readonly subtask: number }[];
  /** The number of the first checkpoint, greater than that of every earlier run and attempt. */
  readonly firstCheckpoint: number;
}

/** Somebody asks for a checkpoint or savepoint that is not triggered yet. */
export interface ManualRequest {
  readonly request: string;
  readonly type: CheckpointKind;
}

/** A coordinator between two events, as a value of the codec. */
export interface CapturedCoordinator<S> {
  readonly phase: "new" | "running" | "stopped";
  readonly suspended: boolean;
  readonly next: number;
  readonly wakeAt: number | null;
  readonly schedule: CapturedSchedule;
  readonly failures: CapturedFailures;
  readonly pending: readonly CapturedCheckpoint<S>[];
  readonly requests: readonly ManualRequest[];
}
