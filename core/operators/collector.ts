import type { Output } from "../runtime/operator.ts";
import { NO_TIMESTAMP } from "../timestamp.ts";
import type { Collector } from "./functions.ts";

/**
 * The collector of an operator, made once: its owner sets `timestamp` before user code runs, and
 * everything collected carries it (NO_TIMESTAMP: none).
 */
export class TimestampedCollector<T> implements Collector<T> {
  timestamp: number;
  readonly #out: Output<T>;

  constructor(out: Output<T>) {
    this.timestamp = NO_TIMESTAMP;
    this.#out = out;
  }

  collect(value: T): void {
    this.#out.process(value, this.timestamp);
  }
}
