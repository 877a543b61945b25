import type { CheckpointKind } from "../checkpoint/checkpoint-event.ts";
import { limits } from "../limits.ts";

/** A checkpoint that a job can be restored from. */
export interface CompletedCheckpoint {
  readonly checkpoint: number;
  readonly kind: CheckpointKind;
  /** The object with its `_metadata`, which was durable before the checkpoint was complete. */
  readonly metadataKey: string;
}

/** What is complete and what is kept of it, as a value of the codec. */
export interface CapturedCompleted {
  readonly latest: CompletedCheckpoint | null;
  readonly retained: readonly CompletedCheckpoint[];
  readonly released: readonly string[];
}

/**
 * The completed checkpoints of a job, as far as it knows them itself: only its ledger says what is
 * complete, a listing of the bucket proves nothing (I-CUT).
 *
 *   CP1  `latest` is what a restore starts from; it never goes back
 *   CP2  a savepoint is retained only if the job was restored from it, and is never released
 *        (semantics 24)
 *   CP3  what is released is neither retained nor the latest
 */
export class CompletedCheckpoints {
  #latest: CompletedCheckpoint | null;
  #retained: readonly CompletedCheckpoint[];
  #released: readonly string[];

  constructor({ latest, retained, released }: CapturedCompleted) {
    this.#latest = latest;
    this.#retained = retained;
    this.#released = released;
  }

  get latest(): CompletedCheckpoint | null {
    return this.#latest;
  }

  /** The oldest checkpoint that is kept; Infinity: none is. */
  get oldest(): number {
    return this.#retained[0]?.checkpoint ?? this.#latest?.checkpoint ?? Infinity;
  }

  /** What was released since the last call; to be deleted. */
  takeReleased(): readonly string[] {
    const released = this.#released;
    this.#released = [];
    return released;
  }

  /** A checkpoint, or the savepoint that stops the job. */
  complete(completed: CompletedCheckpoint): void {
    if (completed.checkpoint > (this.#latest?.checkpoint ?? 0)) this.#latest = completed;
    if (completed.kind === "savepoint") return;
    this.#retained = [...this.#retained, completed].sort((a, b) => a.checkpoint - b.checkpoint);
  }

  /** Keeps the newest `count`. */
  retain(count: number): void {
    const dropped = this.#retained.slice(0, Math.max(0, this.#retained.length - count));
    this.#retained = this.#retained.slice(dropped.length);
    for (const { kind, metadataKey } of dropped) {
      if (kind === "savepoint" || metadataKey === this.#latest?.metadataKey) continue;
      this.release(metadataKey);
    }
  }

  /** Nothing of the job needs the object any more, or, for a name that ends in `/`, the folder. */
  release(key: string): void {
    this.#released = [...this.#released, key].slice(-limits.requestsKept);
  }

  capture(): CapturedCompleted {
    return { latest: this.#latest, retained: this.#retained, released: this.#released };
  }
}
