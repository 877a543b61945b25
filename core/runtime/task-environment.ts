import type { Clock } from "../ports/index.ts";
import type { OperatorStateSnapshot } from "../checkpoint/snapshot.ts";
import type { KeyedTables } from "../state/index.ts";
import type { TimerService } from "../time/index.ts";
import type { JobVertex } from "../plan/plan.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import type { Accumulators } from "./operator.ts";
import type { Program } from "./program.ts";

/** Keyed state of a task that is used no more, at a committed version, to go on with. */
export interface LiveKeyedState {
  readonly tables: KeyedTables;
  readonly timers: TimerService;
}

/** What a restore gives to one operator of one subtask. */
export interface OperatorRestore {
  /** Keyed state files by old subtask: base first, then segments. */
  readonly keyed: readonly (readonly Uint8Array[])[];
  /** What this subtask itself changed since: segments, or packs of them. */
  readonly changes: readonly Uint8Array[];
  /** Then `changes` are what was written since its version, and `keyed` is empty. */
  readonly live?: LiveKeyedState | null;
  readonly operatorState: OperatorStateSnapshot;
}

/** Everything one subtask of a vertex is made from. The host composes it. */
export interface TaskEnvironment {
  readonly program: Program;
  readonly vertex: JobVertex;
  readonly subtask: number;
  /** 0 on the first start, then the number of restarts in this process. */
  readonly attempt: number;
  readonly runId: string;
  /** The checkpoint the job was restored from; 0 on a fresh start. */
  readonly lastCheckpoint: number;
  readonly restore: ReadonlyMap<string, OperatorRestore>;
  /**
   * Sinks keep their records for the host (`StreamTask.stagingSinks`), which writes them when the
   * turn is committed.
   */
  readonly stagesOutput: boolean;
  /** Elements a turn emits before it ends; undefined: as `limits` says. */
  readonly turnEmissionsMax?: number | undefined;
  /** Records that one call of a source's `poll` may emit; undefined: a batch. */
  readonly pollRecordsMax?: number | undefined;
  readonly clock: Clock;
  /** 0 <= random < 1. */
  readonly random: () => number;
  readonly metrics: MetricRegistry;
  readonly accumulators: Accumulators;
  print(line: string): void;
  /** Something for people and tests to see, e.g. `pre-commit hourly-files 7`. */
  progress(event: string): void;
  /** Asks the coordinator for a split; only tasks with a source call it. */
  requestSplit(): void;
  /** The task has something to do again. */
  wake(): void;
  /** Work in the background failed. */
  fail(error: unknown): void;
}
