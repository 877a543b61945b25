import { type OperatorSetup, TwoInputOperator } from "../runtime/operator.ts";
import type { MapFunction } from "./functions.ts";
import { CHECKED_RESULTS, refusePromise } from "./promise-check.ts";

/** One result per value of either input, with the value's timestamp. */
export class CoMapOperator<T, U, R> extends TwoInputOperator<T, U, R> {
  readonly #map1: MapFunction<T, R>;
  readonly #map2: MapFunction<U, R>;
  #unchecked1: number;
  #unchecked2: number;

  constructor(setup: OperatorSetup<R>, map1: MapFunction<T, R>, map2: MapFunction<U, R>) {
    super(setup);
    this.#map1 = map1;
    this.#map2 = map2;
    this.#unchecked1 = CHECKED_RESULTS;
    this.#unchecked2 = CHECKED_RESULTS;
  }

  process(value: T, timestamp: number): void {
    const map = this.#map1;
    const result = map(value);
    if (this.#unchecked1 > 0) {
      this.#unchecked1 -= 1;
      refusePromise(result, "map");
    }
    this.out.process(result, timestamp);
  }

  process2(value: U, timestamp: number): void {
    const map = this.#map2;
    const result = map(value);
    if (this.#unchecked2 > 0) {
      this.#unchecked2 -= 1;
      refusePromise(result, "map");
    }
    this.out.process(result, timestamp);
  }
}
