import type { Cell } from "./cell.ts";
import { undefinedValue } from "./cell.ts";
import type { ValueState } from "./state.ts";

/** Value state over a cell. */
export class ValueHandle<T> implements ValueState<T> {
  readonly #name: string;
  readonly #cell: Cell;

  constructor(name: string, cell: Cell) {
    this.#name = name;
    this.#cell = cell;
  }

  value(): T | null {
    const value = this.#cell.read();
    // The column holds what `update` put there, so it has the handle's type.
    return value === undefined ? null : (value as T);
  }

  update(value: T | null): void {
    if (value === null) this.#cell.clear();
    else if (value === undefined) throw undefinedValue(this.#name, "use null, or clear()");
    else this.#cell.write(value);
  }

  clear(): void {
    this.#cell.clear();
  }
}
