export interface IdlenessState {
  readonly active: boolean;
  /** Null: the clock has not started. */
  readonly quietSince: number | null;
}

/**
 * Tells when a split has been without records for too long (semantics 12).
 *
 *   I1  the clock starts at the first check that saw no record since the check before
 *   I2  idle needs strictly more than the timeout; the next record ends it
 */
export class IdlenessTimer {
  readonly #timeoutMs: number;
  #active: boolean;
  #counting: boolean;
  #quietSince: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#active = false;
    this.#counting = false;
    this.#quietSince = 0;
  }

  /**
   * A record came. Also to be called while records wait and cannot be emitted: who is held back
   * is not idle.
   */
  activity(): void {
    this.#active = true;
  }

  /** After every turn of the source, with the processing time in milliseconds: is the split idle? */
  check(now: number): boolean {
    if (this.#active) {
      this.#active = false;
      this.#counting = false;
      return false;
    }
    if (!this.#counting) {
      this.#counting = true;
      this.#quietSince = now;
      return false;
    }
    return now - this.#quietSince > this.#timeoutMs;
  }

  /** Everything; for a host that keeps it over turns. */
  capture(): IdlenessState {
    return { active: this.#active, quietSince: this.#counting ? this.#quietSince : null };
  }

  resume({ active, quietSince }: IdlenessState): void {
    this.#active = active;
    this.#counting = quietSince !== null;
    this.#quietSince = quietSince ?? 0;
  }

  /**
   * The earliest processing time at which `check` may say idle, for a wake-up; null when the clock
   * has not started, so that a check is due first.
   */
  get idleFrom(): number | null {
    return this.#counting && !this.#active ? this.#quietSince + this.#timeoutMs + 1 : null;
  }
}
