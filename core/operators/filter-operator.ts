import { Operator, type OperatorSetup } from "../runtime/operator.ts";
import type { FilterFunction } from "./functions.ts";
import { looseCondition } from "./promise-check.ts";

/** Lets pass the values that fulfil a condition. */
export class FilterOperator<T> extends Operator<T, T> {
  readonly #filter: FilterFunction<T>;

  constructor(setup: OperatorSetup<T>, filter: FilterFunction<T>) {
    super(setup);
    this.#filter = filter;
  }

  process(value: T, timestamp: number): void {
    const filter = this.#filter;
    const keep = filter(value);
    if (keep === false) return;
    if (keep === true || looseCondition(keep)) this.out.process(value, timestamp);
  }
}
