import type { JobRecord } from "../../../core/protocol/job-record.ts";
import type { Staged } from "../sinks.ts";
import type { Acknowledgement, Checker, Commit, Published } from "./checker.ts";
import type { Completions } from "./completions.ts";
import { Violation } from "./violation.ts";

/** What an acknowledgement holds of a sink, as `StagingSinkOperator` keeps it. */
interface Epoch {
  readonly checkpoint: number;
  readonly committables: readonly Staged[];
}

/**
 * I-2PC: what is published belongs to a completed checkpoint and was acknowledged in it; what a
 * completed checkpoint holds is published in the end; and nothing under two names.
 */
export class TwoPhaseChecker implements Checker {
  readonly rule = "I-2PC";
  readonly #completions: Completions;
  /** By published key. */
  readonly #published = new Set<string>();
  /** By epoch, subtask and index: the key that was published. */
  readonly #names = new Map<string, string>();
  /** By checkpoint: keys that its acknowledgements hold. */
  readonly #acknowledged = new Map<number, Set<string>>();
  /** Checkpoints of a past that somebody went back from. */
  readonly #forgotten = new Set<number>();

  constructor(completions: Completions) {
    this.#completions = completions;
  }

  onCommit({ acknowledgements }: Commit): void {
    for (const acknowledgement of acknowledgements) this.#acknowledge(acknowledgement);
  }

  onPublished({ key, checkpoint }: Published): void {
    if (checkpoint > this.#completions.latest) {
      throw new Violation(
        this.rule,
        `${key} is published, but checkpoint ${checkpoint} is not complete`,
      );
    }
    const name = key.slice(0, key.lastIndexOf("/"));
    const other = this.#names.get(name);
    if (other !== undefined && other !== key) {
      throw new Violation(this.rule, `${other} and ${key} are both published`);
    }
    this.#names.set(name, key);
    this.#published.add(key);
  }

  /** Somebody went back to `checkpoint`: later ones are no longer part of the job's past. */
  forget(checkpoint: number): void {
    for (const completed of this.#completions.all.keys()) {
      if (completed > checkpoint) this.#forgotten.add(completed);
    }
  }

  /** A job has ended only when all that is complete is published (H11). */
  onJobRecord({ phase }: JobRecord): void {
    if (phase === "stopped" || phase === "finished") this.atEnd();
  }

  atEnd(): void {
    for (const [checkpoint] of this.#completions.all) {
      if (this.#forgotten.has(checkpoint)) continue;
      for (const key of this.#acknowledged.get(checkpoint) ?? []) {
        if (this.#published.has(key)) continue;
        throw new Violation(
          this.rule,
          `checkpoint ${checkpoint} is complete, but ${key} is never published`,
        );
      }
    }
  }

  #acknowledge({ checkpoint, operators }: Acknowledgement): void {
    let keys = this.#acknowledged.get(checkpoint);
    if (keys === undefined) {
      keys = new Set();
      this.#acknowledged.set(checkpoint, keys);
    }
    for (const [, { operatorState }] of operators) {
      const epochs = (operatorState.lists["committables"] ?? []) as readonly Epoch[]; // as the operator keeps them
      for (const epoch of epochs) {
        for (const { publishedKey } of epoch.committables) keys.add(publishedKey);
      }
    }
  }
}
