import { JobError } from "../errors.ts";
import { deepFreeze, roundTrip } from "../record/index.ts";
import type { StateScope } from "./state-scope.ts";

/** One value of the current key: what value, reducing and aggregating state are made of. */
export interface Cell {
  /** undefined when there is no value. */
  read(): unknown;
  write(value: unknown): void;
  clear(): void;
}

/** A cell that is a column. */
export class ColumnCell implements Cell {
  readonly #scope: StateScope;
  readonly #column: number;

  constructor(scope: StateScope, column: number) {
    this.#scope = scope;
    this.#column = column;
  }

  read(): unknown {
    const scope = this.#scope;
    const slot = scope.find();
    return slot < 0 ? undefined : scope.table.get(this.#column, slot);
  }

  write(value: unknown): void {
    const scope = this.#scope;
    scope.table.set(this.#column, scope.slotForWrite(), value);
  }

  clear(): void {
    const scope = this.#scope;
    const slot = scope.find();
    if (slot >= 0) scope.table.remove(this.#column, slot);
  }
}

/** Decision p: what goes in passes the codec; with `freeze`, what comes out cannot be changed. */
export class StrictCell implements Cell {
  readonly #inner: Cell;
  readonly #freeze: boolean;

  constructor(inner: Cell, freeze: boolean) {
    this.#inner = inner;
    this.#freeze = freeze;
  }

  read(): unknown {
    const value = this.#inner.read();
    return this.#freeze ? deepFreeze(value) : value;
  }

  write(value: unknown): void {
    this.#inner.write(roundTrip(value));
  }

  clear(): void {
    this.#inner.clear();
  }
}

/** `undefined` is no value of the API (decision f). */
export function undefinedValue(name: string, hint: string): JobError {
  return new JobError(`state ${name}: a value is undefined`, { code: "STATE_UNDEFINED", hint });
}
