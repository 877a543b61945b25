import { Operator, type OperatorSetup } from "../runtime/operator.ts";
import { TimestampedCollector } from "./collector.ts";
import type { FlatMapFunction } from "./functions.ts";
import { refusePromise } from "./promise-check.ts";

/** Any number of results per value, with the value's timestamp. */
export class FlatMapOperator<T, R> extends Operator<T, R> {
  readonly #flatMap: FlatMapFunction<T, R>;
  readonly #collector: TimestampedCollector<R>;

  constructor(setup: OperatorSetup<R>, flatMap: FlatMapFunction<T, R>) {
    super(setup);
    this.#flatMap = flatMap;
    this.#collector = new TimestampedCollector(setup.out);
  }

  process(value: T, timestamp: number): void {
    const flatMap = this.#flatMap;
    const collector = this.#collector;
    collector.timestamp = timestamp;
    const returned = flatMap(value, collector);
    if (returned !== undefined) refusePromise(returned, "flatMap");
  }
}
