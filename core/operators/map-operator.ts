import { Operator, type OperatorSetup } from "../runtime/operator.ts";
import type { MapFunction } from "./functions.ts";
import { CHECKED_RESULTS, refusePromise } from "./promise-check.ts";

/** One result per value, with the value's timestamp. */
export class MapOperator<T, R> extends Operator<T, R> {
  readonly #map: MapFunction<T, R>;
  #unchecked: number;

  constructor(setup: OperatorSetup<R>, map: MapFunction<T, R>) {
    super(setup);
    this.#map = map;
    this.#unchecked = CHECKED_RESULTS;
  }

  process(value: T, timestamp: number): void {
    const map = this.#map;
    const result = map(value);
    if (this.#unchecked > 0) {
      this.#unchecked -= 1;
      refusePromise(result, "map");
    }
    this.out.process(result, timestamp);
  }
}
