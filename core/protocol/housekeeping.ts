import { broken } from "./canaries.ts";
import type { Effect } from "./outbox.ts";

/** Where the ledgers stood at a completed checkpoint. */
interface CompletedCut {
  readonly checkpoint: number;
  readonly completedAtMs: number;
  /** By place in the coordinator's list of peers: the version of the cut; the own one's at 0. */
  readonly versions: readonly number[];
}

/** A value of the codec. */
export interface CapturedHousekeeping {
  /** Versions of the acknowledged cuts of pending checkpoints. */
  readonly pending: readonly (readonly [checkpoint: number, versions: readonly number[]])[];
  readonly cuts: readonly CompletedCut[];
  /** What every ledger was trimmed for last; 0: never. */
  readonly trimmed: number;
  /** The older generation whose ledgers still lie there; null: none. */
  readonly before: {
    readonly generation: number;
    readonly parallelism: Readonly<Record<string, number>>;
  } | null;
}

/**
 * Which ledger entries and objects nobody needs any more (P6). Decided when a checkpoint completes,
 * done as effects of that turn.
 *
 *   HK1  a ledger is trimmed up to a cut only when that has been complete for longer than any zombie
 *        can still write, and when no older checkpoint is retained
 *   HK2  an older generation goes as a whole, when nothing retained comes from it and HK1's time has
 *        passed since this generation completed its first checkpoint
 */
export class Housekeeping {
  readonly #keptMs: number;
  readonly #peers: number;
  readonly #pending: Map<number, number[]>;
  #cuts: readonly CompletedCut[];
  #trimmed: number;
  #before: CapturedHousekeeping["before"];

  constructor(keptMs: number, peers: number, captured: CapturedHousekeeping) {
    this.#keptMs = broken("trim-zombie") ? 0 : keptMs;
    this.#peers = peers;
    this.#pending = new Map(captured.pending.map(([number, versions]) => [number, [...versions]]));
    this.#cuts = captured.cuts;
    this.#trimmed = captured.trimmed;
    this.#before = captured.before;
  }

  static initial(before: CapturedHousekeeping["before"]): CapturedHousekeeping {
    return { pending: [], cuts: [], trimmed: 0, before };
  }

  /** A subtask's cut of a checkpoint is in its entry `version`. */
  acknowledged(checkpoint: number, peer: number, version: number): void {
    let versions = this.#pending.get(checkpoint);
    if (versions === undefined) {
      versions = Array.from({ length: this.#peers }, () => 0);
      this.#pending.set(checkpoint, versions);
    }
    versions[peer] = version;
  }

  /** `own`: the version of the coordinator's turn; `oldestRetained`: the oldest checkpoint kept. */
  completed(
    checkpoint: number,
    own: number,
    oldestRetained: number,
    now: number,
  ): readonly Effect[] {
    const versions = this.#pending.get(checkpoint) ?? [];
    for (const pending of this.#pending.keys()) {
      if (pending <= checkpoint) this.#pending.delete(pending);
    }
    const cut = { checkpoint, completedAtMs: now, versions: [own, ...versions.slice(1)] };
    this.#cuts = [...this.#cuts, cut];
    const over = this.#cuts.findLast(
      (each) => each.completedAtMs + this.#keptMs <= now && each.checkpoint <= oldestRetained,
    );
    if (over === undefined || over.checkpoint <= this.#trimmed) return [];
    this.#trimmed = over.checkpoint;
    this.#cuts = this.#cuts.filter((each) => each.checkpoint >= over.checkpoint);
    return [...this.#trims(over), ...this.#dropBefore()];
  }

  #trims({ versions }: CompletedCut): readonly Effect[] {
    return versions.flatMap((version, peer) =>
      version > 0 ? [{ kind: "trim" as const, peer, version }] : [],
    );
  }

  #dropBefore(): readonly Effect[] {
    const before = this.#before;
    if (before === null) return [];
    this.#before = null;
    return [{ kind: "drop-generation", ...before }];
  }

  capture(): CapturedHousekeeping {
    return {
      pending: [...this.#pending],
      cuts: this.#cuts,
      trimmed: this.#trimmed,
      before: this.#before,
    };
  }
}
