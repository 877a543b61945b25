import { Operator, type OperatorSetup } from "../runtime/operator.ts";
import type { ValueState, ValueStateDescriptor } from "../state/index.ts";
import { CHECKED_RESULTS, refusePromise } from "./promise-check.ts";

/** How a rolling aggregation folds the values of a key. */
export interface Rolling<T, R> {
  /** Names the method in errors, e.g. `reduce`. */
  readonly name: string;
  readonly first: (value: T) => R;
  readonly next: (result: R, value: T) => R;
}

/**
 * Folds the values of each key into one running result, and emits it after every value with that
 * value's timestamp: reduce, sum, min, max, minBy, maxBy.
 */
export class RollingOperator<T, R> extends Operator<T, R> {
  readonly #rolling: Rolling<T, R>;
  readonly #descriptor: ValueStateDescriptor<R>;
  #result: ValueState<R> | null;
  #unchecked: number;

  constructor(
    setup: OperatorSetup<R>,
    rolling: Rolling<T, R>,
    descriptor: ValueStateDescriptor<R>,
  ) {
    super(setup);
    this.#rolling = rolling;
    this.#descriptor = descriptor;
    this.#result = null;
    this.#unchecked = CHECKED_RESULTS;
  }

  override open(): void {
    this.#result = this.context.state.valueState(this.#descriptor);
  }

  process(value: T, timestamp: number): void {
    const state = this.#result as ValueState<R>; // O1: set by open
    const rolling = this.#rolling;
    const before = state.value();
    const result = before === null ? rolling.first(value) : rolling.next(before, value);
    if (this.#unchecked > 0) {
      this.#unchecked -= 1;
      refusePromise(result, rolling.name);
    }
    state.update(result);
    this.out.process(result, timestamp);
  }
}
