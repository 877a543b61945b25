import { JobError } from "../errors.ts";
import type { CallScope, Clock } from "../ports/index.ts";

/** A turn that goes on so long after its deadline was frozen: whoever thawed it has forgotten it. */
const FROZEN_MS = 60_000;

/**
 * The right of a turn to have effects. Cancelled before its handler returns: whatever still runs
 * then finds out at its next step and does nothing more (P3.8). It also ends by itself, so that a
 * process that was frozen in the middle does nothing when it thaws; what it had sent before is
 * bounded by the validity of a signed request (P6).
 */
export class TurnToken implements CallScope {
  readonly deadlineMs: number;
  readonly #clock: Clock;
  #live = true;

  constructor(clock: Clock, deadlineMs: number) {
    this.#clock = clock;
    this.deadlineMs = deadlineMs;
  }

  isLive(): boolean {
    return this.#live && this.#clock.now() < this.deadlineMs + FROZEN_MS;
  }

  cancel(): void {
    this.#live = false;
  }

  /** Throws when the turn is over. Called after every await. */
  check(): void {
    if (this.isLive()) return;
    throw new JobError("the turn is over", {
      code: "JOB_TURN_OVER",
      hint: "nothing: its messages come again",
      retryable: true,
    });
  }
}
