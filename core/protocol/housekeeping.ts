import { broken } from "./canaries.ts";
import type { Effect } from "./outbox.ts";

/** Where the ledgers stood at a completed checkpoint. */
interface CompletedCut {
  readonly checkpoint: number;
  readonly completedAtMs: number;
  /** By place in the coordinator's list of peers: the version of the cut; the own one's at 0. */
  readonly versions: readonly number[];
}

/** From the first to the last number, both in it. */
export type CheckpointRange = readonly [first: number, last: number];

/** A value of the codec. */
export interface CapturedHousekeeping {
  /** Versions of the acknowledged cuts of pending checkpoints. */
  readonly pending: readonly (readonly [checkpoint: number, versions: readonly number[]])[];
  readonly cuts: readonly CompletedCut[];
  /** What every ledger was trimmed for last; 0: never. */
  readonly trimmed: number;
  /** Checkpoints that were given up and whose sets of acknowledgements may still lie there. */
  readonly sets: readonly CheckpointRange[];
  /** The older generation whose ledgers still lie there; null: none. */
  readonly before: {
    readonly generation: number;
    readonly parallelism: Readonly<Record<string, number>>;
  } | null;
}

export interface HousekeepingOptions {
  /** How long ledger entries are kept behind a completed cut. */
  readonly keptMs: number;
  /** How many peers the coordinator has, itself among them. */
  readonly peers: number;
  /** Cuts are acknowledged in sets. */
  readonly usesSets: boolean;
}

/** Sets that one turn drops; what is left waits for the next one. */
const DROPS_MAX = 64;

/**
 * Which ledger entries and objects nobody needs any more (P6). Decided when a checkpoint completes,
 * done as effects of that turn.
 *
 *   HK1  a ledger is trimmed up to a cut only when that has been complete for longer than any zombie
 *        can still write, and when no older checkpoint is retained
 *   HK2  an older generation goes as a whole, when nothing retained comes from it and HK1's time has
 *        passed since this generation completed its first checkpoint
 *   HK3  a set of acknowledgements goes with the completion of its checkpoint or of a later one (AS4),
 *        and once more with HK1, when no late repeat adds to it any more
 */
export class Housekeeping {
  readonly #keptMs: number;
  readonly #peers: number;
  readonly #usesSets: boolean;
  readonly #pending: Map<number, number[]>;
  #cuts: readonly CompletedCut[];
  #trimmed: number;
  #before: CapturedHousekeeping["before"];
  #sets: readonly CheckpointRange[];

  constructor(options: HousekeepingOptions, captured: CapturedHousekeeping) {
    this.#keptMs = broken("trim-zombie") ? 0 : options.keptMs;
    this.#peers = options.peers;
    this.#usesSets = options.usesSets;
    this.#pending = new Map(captured.pending.map(([number, versions]) => [number, [...versions]]));
    this.#cuts = captured.cuts;
    this.#trimmed = captured.trimmed;
    this.#before = captured.before;
    this.#sets = captured.sets;
  }

  static initial(before: CapturedHousekeeping["before"]): CapturedHousekeeping {
    return { pending: [], cuts: [], trimmed: 0, sets: [], before };
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

  /** A checkpoint is given up; subtasks may acknowledge it for a while. */
  aborted(checkpoint: number): void {
    if (!this.#usesSets) return;
    const last = this.#sets.at(-1);
    const follows = last !== undefined && last[1] + 1 === checkpoint;
    this.#sets = follows
      ? [...this.#sets.slice(0, -1), [last[0], checkpoint]]
      : [...this.#sets, [checkpoint, checkpoint]];
  }

  /** Every subtask has cut `checkpoint`, so also every older one that it ever will (HK3). */
  dropSets(checkpoint: number): readonly Effect[] {
    if (!this.#usesSets) return [];
    const checkpoints: number[] = [];
    const left: CheckpointRange[] = [];
    for (const [first, last] of this.#sets) {
      let next = first;
      for (; next <= Math.min(last, checkpoint) && checkpoints.length < DROPS_MAX; next += 1) {
        checkpoints.push(next);
      }
      if (next <= last) left.push([next, last]);
    }
    this.#sets = left;
    return [{ kind: "drop-acknowledgements", checkpoints: [...checkpoints, checkpoint] }];
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
    const gone = this.#cuts.filter((each) => each.checkpoint < over.checkpoint);
    this.#cuts = this.#cuts.filter((each) => each.checkpoint >= over.checkpoint);
    return [...this.#trims(over), ...this.#dropAgain(gone), ...this.#dropBefore()];
  }

  #dropAgain(cuts: readonly CompletedCut[]): readonly Effect[] {
    if (!this.#usesSets || cuts.length === 0) return [];
    const checkpoints = cuts.map(({ checkpoint }) => checkpoint);
    return [{ kind: "drop-acknowledgements", checkpoints }];
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
      sets: this.#sets,
      before: this.#before,
    };
  }
}
