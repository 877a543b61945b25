import type { Clock } from "../../core/ports/index.ts";
import type { Budget } from "../../core/time/index.ts";
import type { TaskUnit } from "./task-unit.ts";

/** A turn of the embedded host ends after this many milliseconds. */
const TURN_MS = 5;
/** The clock is read at every eighth question only: a question costs a few nanoseconds then. */
const QUESTIONS_PER_LOOK = 8;

/** Ends a turn after 5 ms. */
class TimeBudget implements Budget {
  #end = 0;
  #questions = 0;
  #over = false;

  restart(): this {
    this.#end = performance.now() + TURN_MS;
    this.#questions = 0;
    this.#over = false;
    return this;
  }

  exhausted(): boolean {
    this.#questions += 1;
    if (this.#questions % QUESTIONS_PER_LOOK === 0) this.#over = performance.now() >= this.#end;
    return this.#over;
  }
}

/**
 * Runs the tasks of one process in turn, with one `await` per round, so that I/O and timers of the
 * process go on. Sleeps while no task can run.
 */
export class Scheduler {
  readonly #units: readonly TaskUnit[];
  readonly #clock: Clock;
  readonly #budget = new TimeBudget();
  readonly #runTurn: (unit: TaskUnit, budget: Budget) => void;
  #stopped = false;
  #wakeSleeper: (() => void) | null = null;

  constructor(
    units: readonly TaskUnit[],
    clock: Clock,
    runTurn: (unit: TaskUnit, budget: Budget) => void,
  ) {
    this.#units = units;
    this.#clock = clock;
    this.#runTurn = runTurn;
  }

  stop(): void {
    this.#stopped = true;
    this.wake();
  }

  /** Called by whatever makes a task runnable outside of a turn. */
  wake(): void {
    const wakeSleeper = this.#wakeSleeper;
    this.#wakeSleeper = null;
    wakeSleeper?.();
  }

  /** Ends after `stop`. A turn that throws rejects. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#round()) await nextMacrotask();
      else await this.#sleep();
    }
  }

  #round(): boolean {
    const now = this.#clock.now();
    let ran = false;
    for (const unit of this.#units) {
      if (this.#stopped) return true;
      if (!unit.runnable(now)) continue;
      ran = true;
      this.#runTurn(unit, this.#budget.restart());
    }
    return ran;
  }

  /** Until somebody wakes us, or the earliest wake-up of a task is due. */
  async #sleep(): Promise<void> {
    const due = this.#earliestWakeUp();
    const delayMs = due === null ? null : Math.max(0, due - this.#clock.now());
    await new Promise<void>((resolve) => {
      const timer =
        delayMs === null ? null : setTimeout(() => this.wake(), Math.min(delayMs, 2 ** 31 - 1));
      this.#wakeSleeper = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }

  #earliestWakeUp(): number | null {
    let earliest: number | null = null;
    for (const { wakeUp } of this.#units) {
      if (wakeUp !== null && (earliest === null || wakeUp < earliest)) earliest = wakeUp;
    }
    return earliest;
  }
}

function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
