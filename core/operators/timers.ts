import { JobError } from "../errors.ts";
import type { Clock } from "../ports/index.ts";
import type { KeyedStateBackend } from "../state/index.ts";
import type { TimerService } from "../time/index.ts";
import { MIN_WATERMARK } from "../timestamp.ts";

/** What time it is for an operator. */
export interface OperatorTime {
  /** The watermark that reached the operator, -(2^53 - 1) before the first one. */
  currentWatermark(): number;
  /** Milliseconds since the epoch. */
  currentProcessingTime(): number;
}

/**
 * Timers of the current key. One timer per key, time and kind: registering it twice is once,
 * deleting one that does not exist does nothing.
 *
 * Times are integer milliseconds. A timer in the past fires with the next advance of its clock.
 */
export interface Timers extends OperatorTime {
  /** Calls `onTimer` for this key when the watermark reaches `timestamp`. */
  registerEventTimeTimer(timestamp: number): void;
  deleteEventTimeTimer(timestamp: number): void;
  /** Calls `onTimer` for this key when the clock reaches `timestamp`. */
  registerProcessingTimeTimer(timestamp: number): void;
  deleteProcessingTimeTimer(timestamp: number): void;
}

/** Timers of the current key of an operator's keyed state. */
export class KeyTimers implements Timers {
  readonly #state: KeyedStateBackend;
  readonly #timers: TimerService;

  constructor(state: KeyedStateBackend, timers: TimerService) {
    this.#state = state;
    this.#timers = timers;
  }

  currentWatermark(): number {
    return this.#timers.currentWatermark;
  }

  currentProcessingTime(): number {
    return this.#timers.currentProcessingTime;
  }

  registerEventTimeTimer(timestamp: number): void {
    this.#timers.registerEventTime(this.#state.scope, timestamp);
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.#timers.deleteEventTime(this.#state.scope, timestamp);
  }

  registerProcessingTimeTimer(timestamp: number): void {
    this.#timers.registerProcessingTime(this.#state.scope, timestamp);
  }

  deleteProcessingTimeTimer(timestamp: number): void {
    this.#timers.deleteProcessingTime(this.#state.scope, timestamp);
  }
}

/** The time of an operator or of a method that has no current key: it can be read only. */
export class KeylessTime implements Timers {
  /** Set by the operator as its watermark advances. */
  watermark: number;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.watermark = MIN_WATERMARK;
    this.#clock = clock;
  }

  currentWatermark(): number {
    return this.watermark;
  }

  currentProcessingTime(): number {
    return this.#clock.now();
  }

  registerEventTimeTimer(_timestamp: number): void {
    throw noTimers("registerEventTimeTimer");
  }

  deleteEventTimeTimer(_timestamp: number): void {
    throw noTimers("deleteEventTimeTimer");
  }

  registerProcessingTimeTimer(_timestamp: number): void {
    throw noTimers("registerProcessingTimeTimer");
  }

  deleteProcessingTimeTimer(_timestamp: number): void {
    throw noTimers("deleteProcessingTimeTimer");
  }
}

function noTimers(method: string): JobError {
  return new JobError(`${method} is called where there is no key`, {
    code: "JOB_NO_TIMERS",
    hint: "timers belong to a key: use them behind keyBy, and not in processBroadcastElement",
  });
}
