import { DataError, show } from "../errors.ts";
import { Operator, type OperatorSetup } from "../runtime/operator.ts";
import {
  type IdlenessState,
  IdlenessTimer,
  type WatermarkGenerator,
  type WatermarkOutput,
  type WatermarkStrategy,
} from "../time/index.ts";
import { MAX_WATERMARK, MIN_WATERMARK } from "../timestamp.ts";

interface Progress {
  readonly current: number;
  readonly idle: boolean;
  readonly generator: unknown;
  readonly idleness: IdlenessState | null;
}

/**
 * Gives records new event time and makes watermarks in the middle of a job (semantics 12).
 *
 *   TW1  watermarks and status from upstream end here, but for the watermark MAX
 *   TW2  the watermark that leaves never goes back
 */
export class TimestampsAndWatermarksOperator<T> extends Operator<T, T> implements WatermarkOutput {
  readonly #timestamp: ((value: T, sourceTimestamp: number) => number) | null;
  readonly #generator: WatermarkGenerator<T> | null;
  readonly #idleness: IdlenessTimer | null;
  #current: number;
  #idle: boolean;

  constructor(setup: OperatorSetup<T>, strategy: WatermarkStrategy<T>) {
    super(setup);
    this.#timestamp = strategy.timestamp;
    this.#generator = strategy.createGenerator?.() ?? null;
    this.#idleness = strategy.idlenessMs === null ? null : new IdlenessTimer(strategy.idlenessMs);
    this.#current = MIN_WATERMARK;
    this.#idle = false;
  }

  process(value: T, before: number): void {
    let timestamp = before;
    if (this.#timestamp !== null) {
      timestamp = this.#timestamp(value, before);
      if (!Number.isSafeInteger(timestamp)) refuseTimestamp(timestamp, value);
    }
    if (this.#idleness !== null) this.#idleness.activity();
    this.out.process(value, timestamp);
    // Behind the record, as in Flink: a punctuated watermark must not overtake its own record.
    if (this.#generator !== null) this.#generator.onEvent(value, timestamp, this);
  }

  /** A watermark from the generator (TW2). */
  emit(timestamp: number): void {
    if (timestamp <= this.#current) return;
    this.#current = timestamp;
    this.#setIdle(false);
    this.out.watermark(timestamp);
  }

  override onTurnEnd(now: number): number | null {
    if (this.#idleness !== null) {
      if (this.#idleness.check(now)) {
        this.#setIdle(true);
        return null;
      }
      this.#setIdle(false);
    }
    if (this.#generator !== null) this.#generator.onPeriodicEmit(this);
    return this.#idleness === null ? null : (this.#idleness.idleFrom ?? now + 1);
  }

  override watermark(timestamp: number): void {
    if (timestamp === MAX_WATERMARK) this.emit(MAX_WATERMARK);
  }

  override status(_idle: boolean): void {}

  override captureProgress(): Progress {
    return {
      current: this.#current,
      idle: this.#idle,
      generator: this.#generator?.capture?.() ?? null,
      idleness: this.#idleness?.capture() ?? null,
    };
  }

  override resumeProgress(progress: unknown): void {
    const { current, idle, generator, idleness } = progress as Progress; // what `captureProgress` gave
    this.#current = current;
    this.#idle = idle;
    if (generator !== null) this.#generator?.resume?.(generator);
    if (idleness !== null) this.#idleness?.resume(idleness);
  }

  #setIdle(idle: boolean): void {
    if (this.#idle === idle) return;
    this.#idle = idle;
    this.out.status(idle);
  }
}

function refuseTimestamp(timestamp: unknown, value: unknown): never {
  throw new DataError(`timestamp is not an integer (got ${show(timestamp)}) for ${show(value)}`, {
    code: "DATA_TIMESTAMP",
    hint: 'return whole milliseconds since the epoch from "timestamp"',
  });
}
