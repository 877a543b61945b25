import { JobError } from "../../core/errors.ts";
import type { SplitEnumerator } from "../../core/connector/source.ts";
import type { SourceImplementation } from "../../core/runtime/program.ts";
import { deepCopy } from "../../core/state/deep-copy.ts";
import type { TaskUnit } from "./task-unit.ts";

export interface SourceCoordinatorOptions {
  readonly uid: string;
  readonly implementation: SourceImplementation;
  /** The source's subtasks. */
  readonly units: readonly TaskUnit[];
  /** State of the enumerator in the restored checkpoint; null on a fresh start. */
  readonly restored: { readonly state: unknown } | null;
  /** Unfinished splits of all readers in the restored checkpoint (S3). */
  readonly splitsBack: readonly unknown[];
  readonly fail: (error: unknown) => void;
}

/** Runs the split enumerator of one source. */
export class SourceCoordinator {
  readonly uid: string;
  readonly #enumerator: SplitEnumerator<unknown, unknown>;
  readonly #splitsBack: readonly unknown[];
  readonly #units: readonly TaskUnit[];
  /** Requests that came before `start` was done. */
  #early: number[] | null = [];

  constructor(options: SourceCoordinatorOptions) {
    this.uid = options.uid;
    this.#units = options.units;
    const { units, implementation } = options;
    const event = (subtask: number, action: (unit: TaskUnit) => void): void => {
      const unit = units[subtask];
      unit?.splitEvent(() => action(unit));
    };
    this.#splitsBack = options.splitsBack;
    this.#enumerator = implementation.source.createEnumerator(
      {
        parallelism: units.length,
        assign: (split, subtask) => event(subtask, (unit) => unit.task.source?.addSplits([split])),
        noMoreSplits: (subtask) => event(subtask, (unit) => unit.task.source?.noMoreSplits()),
        fail: options.fail,
      },
      options.restored === null ? null : options.restored.state,
    );
  }

  async start(): Promise<void> {
    if (this.#splitsBack.length > 0) this.#enumerator.addSplitsBack(this.#splitsBack);
    await this.#enumerator.start();
    const early = this.#early ?? [];
    this.#early = null;
    for (const subtask of early) this.#enumerator.handleSplitRequest(subtask);
  }

  requestSplit(subtask: number): void {
    if (this.#early !== null) this.#early.push(subtask);
    else this.#enumerator.handleSplitRequest(subtask);
  }

  /** Share of the source that was read, 0 to 1; null when the source does not tell. */
  done(): number | null {
    const work = this.#enumerator.work?.() ?? null;
    if (work === null || work.total <= 0) return null;
    const reading = this.#units.reduce((sum, { task }) => sum + (task.source?.workLeft ?? 0), 0);
    return Math.min(1, Math.max(0, 1 - (work.unassigned + reading) / work.total));
  }

  /** A copy, because it is encoded when all subtasks have made theirs. */
  snapshot(checkpoint: number): unknown {
    try {
      return deepCopy(this.#enumerator.snapshot(checkpoint));
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      throw new JobError(`the source's enumerator gave no snapshot (${message})`, {
        code: "JOB_USER_CODE",
        where: { operator: this.uid, checkpoint },
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#enumerator.close?.();
  }
}
