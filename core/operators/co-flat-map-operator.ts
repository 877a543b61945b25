import { type OperatorSetup, TwoInputOperator } from "../runtime/operator.ts";
import { TimestampedCollector } from "./collector.ts";
import type { FlatMapFunction } from "./functions.ts";
import { refusePromise } from "./promise-check.ts";

/** Any number of results per value of either input, with the value's timestamp. */
export class CoFlatMapOperator<T, U, R> extends TwoInputOperator<T, U, R> {
  readonly #flatMap1: FlatMapFunction<T, R>;
  readonly #flatMap2: FlatMapFunction<U, R>;
  readonly #collector: TimestampedCollector<R>;

  constructor(
    setup: OperatorSetup<R>,
    flatMap1: FlatMapFunction<T, R>,
    flatMap2: FlatMapFunction<U, R>,
  ) {
    super(setup);
    this.#flatMap1 = flatMap1;
    this.#flatMap2 = flatMap2;
    this.#collector = new TimestampedCollector(setup.out);
  }

  process(value: T, timestamp: number): void {
    const flatMap = this.#flatMap1;
    this.#collector.timestamp = timestamp;
    const returned = flatMap(value, this.#collector);
    if (returned !== undefined) refusePromise(returned, "flatMap");
  }

  process2(value: U, timestamp: number): void {
    const flatMap = this.#flatMap2;
    this.#collector.timestamp = timestamp;
    const returned = flatMap(value, this.#collector);
    if (returned !== undefined) refusePromise(returned, "flatMap");
  }
}
