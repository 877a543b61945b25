import type { Cell } from "./cell.ts";
import { undefinedValue } from "./cell.ts";
import type { ReduceFunction } from "./functions.ts";
import type { ReducingState } from "./state.ts";

/** Reducing state over a cell. */
export class ReducingHandle<T> implements ReducingState<T> {
  readonly #name: string;
  readonly #cell: Cell;
  readonly #reduce: ReduceFunction<T>;

  constructor(name: string, cell: Cell, reduce: ReduceFunction<T>) {
    this.#name = name;
    this.#cell = cell;
    this.#reduce = reduce;
  }

  get(): T | null {
    const value = this.#cell.read();
    // The column holds what `add` put there, so it has the handle's type.
    return value === undefined ? null : (value as T);
  }

  add(value: T): void {
    if (value === null || value === undefined) {
      throw undefinedValue(this.#name, "add only values that are neither null nor undefined");
    }
    const held = this.#cell.read();
    const next = held === undefined ? value : this.#reduce(held as T, value);
    if (next === undefined) throw undefinedValue(this.#name, "return a value from reduce");
    this.#cell.write(next);
  }

  clear(): void {
    this.#cell.clear();
  }
}
