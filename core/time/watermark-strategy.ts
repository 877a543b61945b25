import type { Duration } from "../duration.ts";

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
}

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
