import type { CheckpointKind } from "./checkpoint-event.ts";

export interface ScheduleSettings {
  readonly intervalMs: number | null;
  readonly minPauseMs: number;
}

/** Where a schedule stands, as a value of the codec. */
export interface CapturedSchedule {
  readonly active: boolean;
  readonly ending: "no" | "wanted" | "pending" | "complete";
  readonly nextAt: number;
  readonly lastCompletedAt: number | null;
}

/**
 * When the next checkpoint may start that nobody asked for: a periodic one, or the last one.
 *
 *   SC1  a periodic one needs activity since the last checkpoint started; an aborted one gives its
 *        activity back
 *   SC2  periodic ones start an interval apart, and min pause after the last completion
 *   SC3  the last one starts at once, and after a failure an interval later, until one completes
 */
export class CheckpointSchedule {
  readonly #settings: ScheduleSettings;
  #active = false;
  #ending: CapturedSchedule["ending"] = "no";
  /** The next start, apart from min pause and activity. */
  #nextAt = 0;
  #lastCompletedAt: number | null = null;

  constructor(settings: ScheduleSettings) {
    this.#settings = settings;
  }

  capture(): CapturedSchedule {
    return {
      active: this.#active,
      ending: this.#ending,
      nextAt: this.#nextAt,
      lastCompletedAt: this.#lastCompletedAt,
    };
  }

  resume({ active, ending, nextAt, lastCompletedAt }: CapturedSchedule): void {
    this.#active = active;
    this.#ending = ending;
    this.#nextAt = nextAt;
    this.#lastCompletedAt = lastCompletedAt;
  }

  get active(): boolean {
    return this.#active;
  }

  /** Whether a checkpoint that starts now covers the end of all input. */
  get final(): boolean {
    return this.#ending !== "no";
  }

  /** Infinity: not before something else happens. */
  due(): number {
    if (this.#ending !== "no") return this.#ending === "wanted" ? this.#nextAt : Infinity;
    const { intervalMs, minPauseMs } = this.#settings;
    if (intervalMs === null || !this.#active) return Infinity;
    if (this.#lastCompletedAt === null) return this.#nextAt;
    return Math.max(this.#nextAt, this.#lastCompletedAt + minPauseMs);
  }

  onStart(now: number): void {
    this.#nextAt = now + (this.#settings.intervalMs ?? 0);
  }

  onActive(): void {
    this.#active = true;
  }

  onFinish(now: number): void {
    if (this.#ending !== "no") return;
    this.#ending = "wanted";
    this.#nextAt = now;
  }

  /** A checkpoint starts, asked for or not; a savepoint is none. */
  onTrigger(requested: boolean, now: number): void {
    this.#active = false;
    if (this.#ending === "wanted") this.#ending = "pending";
    if (!requested) this.#nextAt = now + (this.#settings.intervalMs ?? 0);
  }

  onAbort(final: boolean): void {
    this.#active = true;
    if (final && this.#ending === "pending") this.#ending = "wanted";
  }

  onComplete(type: CheckpointKind, final: boolean, now: number): void {
    this.#lastCompletedAt = now;
    if (type === "checkpoint" && final) this.#ending = "complete";
  }
}
