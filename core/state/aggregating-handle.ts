import type { Cell } from "./cell.ts";
import { undefinedValue } from "./cell.ts";
import type { AggregateFunction } from "./functions.ts";
import type { AggregatingState } from "./state.ts";

/** Aggregating state over a cell that holds the accumulator. */
export class AggregatingHandle<IN, ACC, OUT> implements AggregatingState<IN, OUT> {
  readonly #name: string;
  readonly #cell: Cell;
  readonly #aggregate: AggregateFunction<IN, ACC, OUT>;

  constructor(name: string, cell: Cell, aggregate: AggregateFunction<IN, ACC, OUT>) {
    this.#name = name;
    this.#cell = cell;
    this.#aggregate = aggregate;
  }

  get(): OUT | null {
    const accumulator = this.#cell.read();
    // The column holds the accumulator that `add` put there.
    return accumulator === undefined ? null : this.#aggregate.getResult(accumulator as ACC);
  }

  add(value: IN): void {
    const held = this.#cell.read();
    const accumulator = held === undefined ? this.#aggregate.createAccumulator() : (held as ACC);
    const next = this.#aggregate.add(value, accumulator);
    if (next === undefined) {
      throw undefinedValue(this.#name, "return the accumulator from the aggregate's add");
    }
    this.#cell.write(next);
  }

  clear(): void {
    this.#cell.clear();
  }
}
