import type { AbortReason, CheckpointKind } from "./checkpoint-event.ts";

/** Reasons that count, as in Flink. Of a savepoint only what a task reports counts. */
const COUNTED: readonly AbortReason[] = [
  "declined",
  "expired",
  "async-exception",
  "io-exception",
  "finalize-failure",
];
const OF_THE_COORDINATOR: readonly AbortReason[] = ["expired", "finalize-failure"];

/** What a counter has counted, as a value of the codec. */
export interface CapturedFailures {
  readonly failures: number;
  readonly lastSuccess: number;
}

/**
 * Counts failed checkpoints in a row.
 *
 *   F1  one checkpoint counts at most once
 *   F2  a success resets the count, and failures of older checkpoints no longer count
 */
export class FailureCounter {
  readonly #tolerable: number;
  #failures = 0;
  #lastSuccess = 0;

  constructor(tolerable: number) {
    this.#tolerable = tolerable;
  }

  capture(): CapturedFailures {
    return { failures: this.#failures, lastSuccess: this.#lastSuccess };
  }

  resume({ failures, lastSuccess }: CapturedFailures): void {
    this.#failures = failures;
    this.#lastSuccess = lastSuccess;
  }

  success(checkpoint: number): void {
    if (checkpoint <= this.#lastSuccess) return;
    this.#lastSuccess = checkpoint;
    this.#failures = 0;
  }

  /** Counts an aborted checkpoint (once: an aborted one is pending no more). True: too many. */
  failure(checkpoint: number, type: CheckpointKind, reason: AbortReason): boolean {
    if (!COUNTED.includes(reason) || checkpoint < this.#lastSuccess) return false;
    if (type === "savepoint" && OF_THE_COORDINATOR.includes(reason)) return false;
    this.#failures += 1;
    if (this.#failures <= this.#tolerable) return false;
    this.#failures = 0;
    return true;
  }
}
