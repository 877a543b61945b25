import { deepFreeze, roundTrip } from "../record/index.ts";
import { EMPTY_LIST, checkElement } from "./list-handle.ts";
import type { StateScope } from "./state-scope.ts";
import type { ListState } from "./state.ts";
import { type TtlColumn, dropElements, removeBoth } from "./ttl.ts";

/** List state whose elements expire one by one; the access column holds their times in parallel. */
export class TtlListHandle<T> implements ListState<T> {
  readonly #name: string;
  readonly #scope: StateScope;
  readonly #ttl: TtlColumn;
  readonly #strict: boolean;

  constructor(name: string, scope: StateScope, ttl: TtlColumn, strict: boolean) {
    this.#name = name;
    this.#scope = scope;
    this.#ttl = ttl;
    this.#strict = strict;
  }

  get(): readonly T[] {
    const before = this.#elements();
    const slot = this.#scope.find();
    if (before === null) return EMPTY_LIST;
    const dropped = dropElements(this.#ttl, this.#scope.table, slot, before, this.#times(before));
    const after = this.#elements() ?? EMPTY_LIST;
    if (this.#ttl.rule.onRead && after.length > 0) this.#write(after);
    const list = dropped && !this.#ttl.rule.returnExpired ? after : before;
    return this.#strict ? deepFreeze(list.slice()) : list;
  }

  add(value: T): void {
    checkElement(this.#name, value);
    this.#append(value);
  }

  addAll(values: readonly T[]): void {
    for (const value of values) checkElement(this.#name, value);
    for (const value of values) this.#append(value);
  }

  update(values: readonly T[]): void {
    for (const value of values) checkElement(this.#name, value);
    if (values.length === 0) this.clear();
    else this.#write(this.#strict ? roundTrip(values) : values);
  }

  clear(): void {
    const slot = this.#scope.find();
    if (slot >= 0) removeBoth(this.#ttl, this.#scope.table, slot);
  }

  #append(value: T): void {
    const element = this.#strict ? roundTrip(value) : value;
    const elements = this.#elements();
    if (elements === null) {
      this.#write([element]);
      return;
    }
    const times = this.#times(elements);
    const table = this.#scope.table;
    table.touch(this.#ttl.column, this.#scope.slot);
    table.touch(this.#ttl.access, this.#scope.slot);
    elements.push(element);
    times.push(this.#ttl.rule.now());
  }

  /** Replaces the list; all elements are accessed now. */
  #write(elements: readonly T[]): void {
    const slot = this.#scope.slotForWrite();
    const times = new Array<number>(elements.length).fill(this.#ttl.rule.now());
    this.#scope.table.set(this.#ttl.column, slot, elements.slice());
    this.#scope.table.set(this.#ttl.access, slot, times);
  }

  #elements(): T[] | null {
    const slot = this.#scope.find();
    if (slot < 0) return null;
    // The column of a list state holds arrays only.
    return (this.#scope.table.get(this.#ttl.column, slot) as T[] | undefined) ?? null;
  }

  /** Without last accesses the list comes from a snapshot taken without TTL: it starts to age now. */
  #times(elements: readonly T[]): number[] {
    const table = this.#scope.table;
    const known = table.peek(this.#ttl.access, this.#scope.slot) as number[] | undefined;
    if (known !== undefined) return known;
    const times = new Array<number>(elements.length).fill(this.#ttl.rule.now());
    table.set(this.#ttl.access, this.#scope.slot, times);
    return times;
  }
}
