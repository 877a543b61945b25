import { EventQueue } from "./event-queue.ts";

/** Between so many events the process gets to its own business: timers, signals. */
const EVENTS_PER_BREATH = 8_192;

/** The run ended because its limit of virtual time passed. */
export class OutOfTimeError extends Error {
  override readonly name = "OutOfTimeError";
}

/**
 * Virtual time and what happens in it.
 *
 *   T1  time is the time of the event that runs; it never goes back
 *   T2  between two events every promise that can go on has gone on: code takes no time, only
 *       calls do
 *   T3  after a failure no further event runs; a rejection that nobody handles is one
 */
export class Timeline {
  readonly #events = new EventQueue();
  #now: number;
  #ran = 0;
  #failure: Error | null = null;

  constructor(startMs: number) {
    this.#now = startMs;
  }

  /** Milliseconds since the epoch, with fractions. */
  get now(): number {
    return this.#now;
  }

  get events(): number {
    return this.#ran;
  }

  get pending(): number {
    return this.#events.size;
  }

  get failure(): Error | null {
    return this.#failure;
  }

  /** Runs `run` at `at`, or now if that has passed (T1). */
  at(at: number, run: () => void): void {
    this.#events.add(Math.max(at, this.#now), run);
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#now + delayMs, run);
  }

  /** Ends the run; the first failure counts (T3). */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /**
   * Runs events until `done`, until none is left, or until the next one is later than `limitAt`.
   * Says which; time is then `limitAt` in the last case. Rejects with a failure.
   */
  async run(done: () => boolean, limitAt: number): Promise<"done" | "empty" | "limit"> {
    const unhandled = (error: unknown): void => this.fail(error);
    process.on("unhandledRejection", unhandled);
    try {
      return await this.#run(done, limitAt);
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  }

  #run(done: () => boolean, limitAt: number): Promise<"done" | "empty" | "limit"> {
    return new Promise((resolve, reject) => {
      let breath = EVENTS_PER_BREATH;
      const resolved = Promise.resolve();
      const nextTick = (): void => process.nextTick(step);
      const step = (): void => {
        try {
          if (this.#failure !== null) return reject(this.#failure);
          if (done()) return resolve("done");
          if (this.#events.nextAt > limitAt) return resolve(this.#rest(limitAt));
          this.#next();
        } catch (error) {
          this.fail(error);
        }
        breath -= 1;
        // Asked for by a promise, a tick comes when no promise is left that can go on (T2); asked for
        // by a tick, it would come first. An immediate costs twice as much.
        if (breath > 0) return void resolved.then(nextTick);
        breath = EVENTS_PER_BREATH;
        return void setImmediate(step);
      };
      setImmediate(step);
    });
  }

  #next(): void {
    const event = this.#events.take();
    if (event === undefined) return;
    this.#now = event.at;
    this.#ran += 1;
    event.run();
  }

  #rest(limitAt: number): "empty" | "limit" {
    if (this.#events.size === 0) return "empty";
    this.#now = Math.max(this.#now, limitAt);
    return "limit";
  }
}
