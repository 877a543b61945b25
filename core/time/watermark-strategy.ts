import { type Duration, durationMs, formatDuration } from "../duration.ts";
import { UsageError, show } from "../errors.ts";
import { BoundedOutOfOrderness } from "./bounded-out-of-orderness.ts";

/** Where a generator puts its watermarks. A watermark not above the last one is ignored. */
export interface WatermarkOutput {
  emit(timestamp: number): void;
}

/** Makes watermarks from what it sees; one instance per split. */
export interface WatermarkGenerator<T> {
  /** Called for every record. */
  onEvent(value: T, timestamp: number, output: WatermarkOutput): void;
  /** Called after every turn of the source. */
  onPeriodicEmit(output: WatermarkOutput): void;
  /**
   * What the generator knows, as a value of the codec; `resume` gets it in another process. Without
   * the two a generator begins anew on another machine: its watermark then stays where it was until
   * the generator has caught up.
   */
  capture?(): unknown;
  resume?(captured: unknown): void;
}

/** Event time of a record in integer milliseconds. */
export type TimestampAssigner<T> = (value: T, sourceTimestamp: number) => number;

export interface WatermarkOptions<T> {
  /** Event time in integer milliseconds. Default: the timestamp the source gave. */
  readonly timestamp?: (value: T, sourceTimestamp: number) => number;
  /** Without a record for longer than this, the split counts as idle. Processing time. */
  readonly idleness?: Duration;
}

/** How event time and watermarks of a stream are made. Make one with `WatermarkStrategy`. */
export interface WatermarkStrategy<T> {
  /** For plans: `bounded-out-of-orderness(30h)`. */
  readonly describe: string;
  /** Null: the stream has no watermarks (until the end of input). */
  readonly createGenerator: (() => WatermarkGenerator<T>) | null;
  readonly timestamp: ((value: T, sourceTimestamp: number) => number) | null;
  readonly idlenessMs: number | null;
}

/** A strategy with Flink's chain; each call gives a new strategy and leaves this one as it is. */
export interface ChainableWatermarkStrategy<T> extends WatermarkStrategy<T> {
  /**
   * The same strategy with event time taken from the record. As an argument of `fromSource` the
   * option `timestamp` infers the record's type, this method does not.
   *
   * @example WatermarkStrategy.forMonotonousTimestamps<Order>().withTimestampAssigner((order) => order.placedAt)
   */
  withTimestampAssigner(timestamp: TimestampAssigner<T>): ChainableWatermarkStrategy<T>;
  /** The same strategy, where a split without a record for longer than `idleness` is idle. */
  withIdleness(idleness: Duration): ChainableWatermarkStrategy<T>;
}

/** The ways to make a `WatermarkStrategy`; Flink's names. */
export interface WatermarkStrategies {
  /**
   * For streams whose records are at most `bound` older than the newest one before them: the
   * watermark is the greatest timestamp - bound - 1 ms.
   *
   * @throws UsageError USAGE_DURATION, USAGE_WATERMARK_STRATEGY
   * @example WatermarkStrategy.forBoundedOutOfOrderness({ seconds: 5 }, { timestamp: (order) => order.placedAt })
   */
  forBoundedOutOfOrderness<T>(
    bound: Duration,
    options?: WatermarkOptions<T>,
  ): ChainableWatermarkStrategy<T>;
  /**
   * For streams whose timestamps never fall within a split: the greatest timestamp - 1 ms.
   *
   * @example WatermarkStrategy.forMonotonousTimestamps({ timestamp: (line) => line.at })
   */
  forMonotonousTimestamps<T>(options?: WatermarkOptions<T>): ChainableWatermarkStrategy<T>;
  /**
   * No watermarks until the end of input: for processing time only.
   *
   * @example WatermarkStrategy.noWatermarks()
   */
  noWatermarks<T>(options?: WatermarkOptions<T>): ChainableWatermarkStrategy<T>;
  /**
   * Your own generator, made once per split. It may emit for every record (punctuated) or after
   * every turn (periodic).
   *
   * @example
   * WatermarkStrategy.forGenerator<Reading>(() => ({
   *   onEvent(reading, timestamp, output) { if (reading.endOfHour) output.emit(timestamp); },
   *   onPeriodicEmit() {},
   * }))
   */
  forGenerator<T>(
    create: () => WatermarkGenerator<T>,
    options?: WatermarkOptions<T>,
  ): ChainableWatermarkStrategy<T>;
}

export const WatermarkStrategy: WatermarkStrategies = Object.freeze({
  forBoundedOutOfOrderness<T>(bound: Duration, options?: WatermarkOptions<T>) {
    const boundMs = durationMs(bound, "forBoundedOutOfOrderness");
    const name = `bounded-out-of-orderness(${formatDuration(boundMs)})`;
    return withOptions(name, () => new BoundedOutOfOrderness<T>(boundMs), options);
  },
  forMonotonousTimestamps<T>(options?: WatermarkOptions<T>) {
    return withOptions("monotonous-timestamps", () => new BoundedOutOfOrderness<T>(0), options);
  },
  noWatermarks<T>(options?: WatermarkOptions<T>) {
    return withOptions<T>("no-watermarks", null, options);
  },
  forGenerator<T>(create: () => WatermarkGenerator<T>, options?: WatermarkOptions<T>) {
    requireFunction("forGenerator", create, "pass a function that makes a generator");
    return withOptions("generator", create, options);
  },
});

/** Frozen: a strategy is part of a plan. */
class DefinedStrategy<T> implements ChainableWatermarkStrategy<T> {
  readonly describe: string;
  readonly createGenerator: (() => WatermarkGenerator<T>) | null;
  readonly timestamp: TimestampAssigner<T> | null;
  readonly idlenessMs: number | null;
  readonly #name: string;

  constructor(
    name: string,
    createGenerator: (() => WatermarkGenerator<T>) | null,
    timestamp: TimestampAssigner<T> | null,
    idlenessMs: number | null,
  ) {
    this.describe =
      idlenessMs === null ? name : `${name}, idle after ${formatDuration(idlenessMs)}`;
    this.createGenerator = createGenerator;
    this.timestamp = timestamp;
    this.idlenessMs = idlenessMs;
    this.#name = name;
    Object.freeze(this);
  }

  withTimestampAssigner(timestamp: TimestampAssigner<T>): ChainableWatermarkStrategy<T> {
    requireFunction("withTimestampAssigner", timestamp, TIMESTAMP_HINT);
    return new DefinedStrategy(this.#name, this.createGenerator, timestamp, this.idlenessMs);
  }

  withIdleness(idleness: Duration): ChainableWatermarkStrategy<T> {
    const idlenessMs = positiveMs(idleness, "withIdleness");
    return new DefinedStrategy(this.#name, this.createGenerator, this.timestamp, idlenessMs);
  }
}

const TIMESTAMP_HINT = "pass a function that returns the record's event time in milliseconds";

function withOptions<T>(
  name: string,
  createGenerator: (() => WatermarkGenerator<T>) | null,
  options: WatermarkOptions<T> | undefined,
): ChainableWatermarkStrategy<T> {
  const timestamp = options?.timestamp ?? null;
  if (timestamp !== null) requireFunction("timestamp", timestamp, TIMESTAMP_HINT);
  const idleness = options?.idleness;
  const idlenessMs = idleness === undefined ? null : positiveMs(idleness, "idleness");
  return new DefinedStrategy(name, createGenerator, timestamp, idlenessMs);
}

function requireFunction(name: string, value: unknown, hint: string): void {
  if (typeof value === "function") return;
  throw new UsageError(`WatermarkStrategy ${name} is not a function (got ${show(value)})`, {
    code: "USAGE_WATERMARK_STRATEGY",
    hint,
  });
}

function positiveMs(duration: Duration, name: string): number {
  const ms = durationMs(duration, name);
  if (ms > 0) return ms;
  throw new UsageError(`WatermarkStrategy ${name} is not above zero (got ${show(duration)})`, {
    code: "USAGE_WATERMARK_STRATEGY",
    hint: "give a time after which a quiet split counts as idle, for instance { minutes: 1 }",
  });
}
