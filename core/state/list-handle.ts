import { deepFreeze, roundTrip } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import { undefinedValue } from "./cell.ts";
import type { StateScope } from "./state-scope.ts";
import type { StateTable, UndoEntry } from "./state-table.ts";
import type { ListState } from "./state.ts";

/** What a list state without elements reads as. */
export const EMPTY_LIST: readonly never[] = Object.freeze([]);

/** List state: the column holds an array that `add` appends to. */
export class ListHandle<T> implements ListState<T> {
  readonly #name: string;
  readonly #scope: StateScope;
  readonly #column: number;
  readonly #strict: boolean;

  constructor(name: string, scope: StateScope, column: number, strict: boolean) {
    this.#name = name;
    this.#scope = scope;
    this.#column = column;
    this.#strict = strict;
  }

  get(): readonly T[] {
    const scope = this.#scope;
    const slot = scope.find();
    if (slot < 0) return EMPTY_LIST;
    // The column of a list state holds arrays only.
    const list = scope.table.get(this.#column, slot) as T[] | undefined;
    if (list === undefined) return EMPTY_LIST;
    return this.#strict ? deepFreeze(list.slice()) : list;
  }

  add(value: T): void {
    checkElement(this.#name, value);
    const element = this.#strict ? roundTrip(value) : value;
    const scope = this.#scope;
    const table = scope.table;
    const slot = scope.slotForWrite();
    const list = table.peek(this.#column, slot) as T[] | undefined;
    if (list === undefined) {
      table.set(this.#column, slot, [element]);
      return;
    }
    table.guard?.record(new Truncation(table, this.#column, scope.identity, list.length));
    list.push(element);
    table.mark(slot);
  }

  addAll(values: readonly T[]): void {
    for (const value of values) this.add(value);
  }

  update(values: readonly T[]): void {
    for (const value of values) checkElement(this.#name, value);
    if (values.length === 0) {
      this.clear();
      return;
    }
    const list = this.#strict ? roundTrip(values) : values.slice();
    this.#scope.table.set(this.#column, this.#scope.slotForWrite(), list);
  }

  clear(): void {
    const slot = this.#scope.find();
    if (slot >= 0) this.#scope.table.remove(this.#column, slot);
  }
}

/** Semantics 14: a list holds no null. */
export function checkElement(name: string, value: unknown): void {
  if (value !== null && value !== undefined) return;
  throw undefinedValue(name, "a list holds neither null nor undefined: leave the element out");
}

/** Takes an append back without having copied the list. */
class Truncation implements UndoEntry {
  readonly #table: StateTable;
  readonly #column: number;
  readonly #identity: KeyIdentity;
  readonly #length: number;

  constructor(table: StateTable, column: number, identity: KeyIdentity, length: number) {
    this.#table = table;
    this.#column = column;
    this.#identity = identity;
    this.#length = length;
  }

  undo(): void {
    const list = this.#table.peek(this.#column, this.#table.slot(this.#identity)) as unknown[];
    list.length = this.#length;
  }
}
