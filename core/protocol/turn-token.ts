import { JobError } from "../errors.ts";
import type { CallScope } from "../ports/index.ts";

/**
 * The right of a turn to have effects. Cancelled before its handler returns: whatever still runs
 * then finds out at its next step and does nothing more (P3.8).
 */
export class TurnToken implements CallScope {
  readonly deadlineMs: number;
  #live = true;

  constructor(deadlineMs: number) {
    this.deadlineMs = deadlineMs;
  }

  isLive(): boolean {
    return this.#live;
  }

  cancel(): void {
    this.#live = false;
  }

  /** Throws when the turn is over. Called after every await. */
  check(): void {
    if (this.#live) return;
    throw new JobError("the turn is over", {
      code: "JOB_TURN_OVER",
      hint: "nothing: its messages come again",
      retryable: true,
    });
  }
}
