import type { TurnBounds } from "../../core/protocol/task-unit-factory.ts";
import { limits } from "../../core/limits.ts";
import type { Stream } from "./random.ts";

/** How a run's job is set up, drawn from its seed. */
export interface RunSettings {
  readonly parallelism: number;
  readonly checkpointMs: number;
  /** After this a checkpoint is given up. */
  readonly checkpointTimeoutMs: number;
  readonly credits: number;
  readonly bounds: TurnBounds;
  readonly turnMs: number;
  readonly warmBytesMax: number;
  /** With more subtasks than this checkpoints are acknowledged in sets. */
  readonly acknowledgementSetFrom: number;
  /** Early messages that a subtask keeps at most. */
  readonly reorderMessagesMax: number;
  /** Attempts of a turn that fails, before the job is FAILED. */
  readonly attempts: number;
  /** All vertices in one function, or one each. */
  readonly oneFunction: boolean;
  readonly actions: readonly PlannedAction[];
  /** In the end the job is started once more from a checkpoint of its past. */
  readonly replays: boolean;
}

export type ActionKind =
  | "savepoint"
  | "checkpoint"
  /** Stop with a savepoint, and start again from it. */
  | "stop"
  /** Stop for good, with drain. */
  | "end"
  /** Start again from the latest checkpoint, under way. */
  | "restore"
  | "rescale"
  | "upgrade";

/** A control action and when it begins, as a share of the time that the input takes. */
export interface PlannedAction {
  readonly kind: ActionKind;
  readonly at: number;
  readonly parallelism: number;
}

/** More subtasks than any job has, and more attempts than a run lasts for. */
const NEVER = 1_000_000;

const KINDS: readonly ActionKind[] = [
  "savepoint",
  "checkpoint",
  "stop",
  "restore",
  "restore",
  "rescale",
  "upgrade",
];

export function drawSettings(random: Stream): RunSettings {
  const parallelism = 1 + random.below(3);
  const count = random.chance(0.25) ? 0 : 1 + random.below(4);
  return {
    parallelism,
    checkpointMs: Math.round(random.logBetween(500, 20_000)),
    checkpointTimeoutMs: Math.round(random.fork("timeout").logBetween(2_000, 600_000)),
    credits: random.pick([1, 1, 2, 3, 8]),
    bounds: {
      recordsMax: Math.round(random.logBetween(2, 64)),
      emissionsMax: Math.round(random.logBetween(1, 64)),
      rewriteBytesMax: Math.round(random.fork("rewrite").logBetween(100, 4_000_000)),
    },
    turnMs: Math.round(random.logBetween(100, 4_000)),
    warmBytesMax: random.chance(0.2) ? 0 : 512_000_000,
    acknowledgementSetFrom: random.fork("acknowledgements").pick([0, 1, NEVER]),
    reorderMessagesMax: limits.reorderMessagesMax,
    attempts: NEVER,
    oneFunction: random.chance(0.3),
    replays: random.chance(0.3),
    actions: Array.from({ length: count }, () => ({
      kind: random.pick(KINDS),
      at: random.between(0.02, 1.2),
      parallelism: 1 + random.below(3),
    })),
  };
}
