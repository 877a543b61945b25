import { isCoordinator } from "../../../core/protocol/address.ts";
import { COORDINATOR_SECTION } from "../../../core/protocol/coordinator-state.ts";
import { fromBytes } from "../../../core/record/index.ts";
import type { Checker, Commit, LedgerView } from "./checker.ts";

interface Completed {
  readonly checkpoint: number;
  readonly metadataKey: string;
}

/** The part of a coordinator's state that says what is complete. */
interface CoordinatorPart {
  readonly completed: {
    readonly latest: Completed | null;
    readonly retained: readonly Completed[];
  };
}

/** Which checkpoints are complete: what coordinators' ledgers say, and nothing else. */
export class Completions implements Checker {
  readonly rule = "COMPLETIONS";
  /** Where the metadata of each lies. */
  readonly all: Map<number, string> = new Map();
  #latest = 0;
  #restorable = 0;
  #new: { readonly view: LedgerView; readonly checkpoints: readonly number[] } | null = null;

  /** The newest that was ever completed. */
  get latest(): number {
    return this.#latest;
  }

  /** The newest that a job may be started from. */
  get latestRestorable(): number {
    return this.#restorable;
  }

  onCommit({ after, changes }: Commit): void {
    if (!isCoordinator(after.address)) return;
    const change = changes.findLast(({ name }) => name === COORDINATOR_SECTION);
    if (change === undefined) return;
    const { completed } = fromBytes(change.bytes) as CoordinatorPart; // as the coordinator keeps it
    const found: number[] = [];
    for (const one of [...completed.retained, completed.latest]) {
      if (one === null || this.all.has(one.checkpoint)) continue;
      this.all.set(one.checkpoint, one.metadataKey);
      found.push(one.checkpoint);
      this.#latest = Math.max(this.#latest, one.checkpoint);
      this.#restorable = Math.max(this.#restorable, one.checkpoint);
    }
    this.#new = { view: after, checkpoints: after.entry.kind === "genesis" ? [] : found };
  }

  /** What an entry of a coordinator completed. */
  newIn(view: LedgerView): readonly number[] {
    return this.#new?.view === view ? this.#new.checkpoints : [];
  }
}
