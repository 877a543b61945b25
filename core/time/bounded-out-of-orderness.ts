import { MIN_TIMESTAMP, addMs } from "../timestamp.ts";
import type { WatermarkGenerator, WatermarkOutput } from "./watermark-strategy.ts";

/**
 * Watermarks that stay a fixed distance behind the greatest timestamp seen: max - bound - 1
 * (semantics 10). A bound of 0 gives the watermarks of ascending timestamps.
 */
export class BoundedOutOfOrderness<T> implements WatermarkGenerator<T> {
  readonly #distanceMs: number;
  #maxTimestamp: number;

  /** `boundMs`: how many milliseconds a record may be older than the newest one before it. */
  constructor(boundMs: number) {
    this.#distanceMs = boundMs + 1;
    this.#maxTimestamp = addMs(MIN_TIMESTAMP, this.#distanceMs);
  }

  onEvent(_value: T, timestamp: number, _output: WatermarkOutput): void {
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
  }

  onPeriodicEmit(output: WatermarkOutput): void {
    output.emit(addMs(this.#maxTimestamp, -this.#distanceMs));
  }

  capture(): unknown {
    return this.#maxTimestamp;
  }

  resume(captured: unknown): void {
    this.#maxTimestamp = captured as number; // what `capture` gave
  }
}
