import type { Clock } from "../../core/ports/index.ts";

/** A clock that stands still until a test lets time pass. */
export class VirtualClock implements Clock {
  #now = 1_700_000_000_000;

  now(): number {
    return this.#now;
  }

  /** The signature of a harness's `advance`. */
  readonly advance = (ms: number): Promise<void> => {
    this.#now += ms;
    return Promise.resolve();
  };
}
