/** A checkpoint is subsumed, retained and notified; a savepoint is the user's: none of the three. */
export type CheckpointKind = "checkpoint" | "savepoint";

/** Why a subtask cannot take part. The first three count against the tolerable failures. */
export type DeclineReason =
  "declined" | "async-exception" | "io-exception" | "task-not-ready" | "task-closing";

/** Why a pending checkpoint ended without completing. */
export type AbortReason = DeclineReason | "expired" | "finalize-failure" | "subsumed" | "stopped";

/** What a host tells the coordinator. `S` is what a subtask acknowledges with. */
export type CheckpointEvent<S> =
  /** All tasks run: the interval starts to count. */
  | { readonly kind: "start" }
  /** Something was processed, so the next checkpoint has something to save. Cheap to repeat. */
  | { readonly kind: "active" }
  /** The time of a `wake-at` has come, and nothing is armed now. An early or late one is harmless. */
  | { readonly kind: "tick" }
  /** Somebody asks for a checkpoint or savepoint; `request` names it in the decisions that follow. */
  | { readonly kind: "request"; readonly request: string; readonly type: CheckpointKind }
  | {
      readonly kind: "acknowledged";
      readonly checkpoint: number;
      readonly vertex: string;
      readonly subtask: number;
      readonly snapshot: S;
    }
  | {
      readonly kind: "declined";
      readonly checkpoint: number;
      readonly reason: DeclineReason;
      readonly detail: string;
    }
  /** `_metadata` is durable. */
  | { readonly kind: "stored"; readonly checkpoint: number }
  | { readonly kind: "store-failed"; readonly checkpoint: number; readonly detail: string }
  /** From now until `continue` no checkpoint starts; savepoints that are asked for do. */
  | { readonly kind: "suspend" }
  | { readonly kind: "continue" }
  /** Every task has ended: the job is done once a checkpoint triggered from now on completes. */
  | { readonly kind: "finish" }
  /** The attempt is over. Pending checkpoints are aborted and nothing is decided any more. */
  | { readonly kind: "stop" };

/** One subtask's acknowledgement. */
export interface Acknowledgement<S> {
  readonly vertex: string;
  readonly subtask: number;
  readonly snapshot: S;
}

/** What a host has to do, in the order given. */
export type CheckpointDecision<S> =
  /** Send barrier `checkpoint` to all sources. */
  | {
      readonly kind: "trigger";
      readonly checkpoint: number;
      readonly type: CheckpointKind;
      readonly request: string | null;
    }
  /** The checkpoint is given up; tasks need not know (the next barrier ends their alignment). */
  | {
      readonly kind: "abort";
      readonly checkpoint: number;
      readonly type: CheckpointKind;
      readonly reason: AbortReason;
      readonly detail: string;
      readonly request: string | null;
    }
  /** A request that never became a checkpoint, because the coordinator stopped. */
  | { readonly kind: "reject"; readonly request: string; readonly reason: "stopped" }
  /** All acknowledgements are in: write `_metadata`, then answer `stored` or `store-failed`. */
  | {
      readonly kind: "store";
      readonly checkpoint: number;
      readonly type: CheckpointKind;
      readonly triggeredAt: number;
      readonly acknowledgements: readonly Acknowledgement<S>[];
    }
  /** For people, metrics and whoever made the request. */
  | {
      readonly kind: "completed";
      readonly checkpoint: number;
      readonly type: CheckpointKind;
      readonly request: string | null;
      readonly triggeredAt: number;
      readonly completedAt: number;
      /** It covers the end of all input: the job is finished once its sinks have committed. */
      readonly final: boolean;
    }
  /** Tell all tasks; sinks commit what they pre-committed for <= `checkpoint`. */
  | { readonly kind: "notify-complete"; readonly checkpoint: number }
  /** Delete completed checkpoints but the newest `count`. */
  | { readonly kind: "retain"; readonly count: number }
  /** Send `tick` at this time (ms since the epoch); replaces the one before; null: never. */
  | { readonly kind: "wake-at"; readonly timestamp: number | null }
  /** More failures in a row than are tolerable. */
  | { readonly kind: "fail-job"; readonly checkpoint: number; readonly message: string };
