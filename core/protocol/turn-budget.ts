import type { Clock } from "../ports/index.ts";
import type { Budget } from "../time/index.ts";

/** Ends a turn at a time, or after a number of questions. */
export class TurnTime implements Budget {
  readonly #clock: Clock;
  readonly #endMs: number;
  #questionsLeft: number;

  constructor(clock: Clock, endMs: number, questionsMax: number = Number.MAX_SAFE_INTEGER) {
    this.#clock = clock;
    this.#endMs = endMs;
    this.#questionsLeft = questionsMax;
  }

  exhausted(): boolean {
    this.#questionsLeft -= 1;
    return this.#questionsLeft <= 0 || this.#clock.now() >= this.#endMs;
  }
}
