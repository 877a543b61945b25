import { deepFreeze, keyFromIdentity, keyIdentity, roundTrip } from "../record/index.ts";
import type { Key, KeyIdentity } from "../record/key.ts";
import { undefinedValue } from "./cell.ts";
import { deepCopy } from "./deep-copy.ts";
import type { StateScope } from "./state-scope.ts";
import type { StateTable, UndoEntry } from "./state-table.ts";
import type { MapState } from "./state.ts";

/**
 * Map state: the column holds a Map from key identity to value, so that keys compare by value.
 * A map without entries is no value.
 */
export class MapHandle<UK, UV> implements MapState<UK, UV> {
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

  get(key: UK): UV | null {
    const map = this.#map();
    const identity = mapKey(key);
    const value = map?.get(identity);
    if (value === undefined) return null;
    if (this.#strict) return deepFreeze(value);
    const guard = this.#scope.table.guard;
    if (guard !== null && typeof value === "object" && value !== null) {
      guard.record(this.#entry(identity, deepCopy(value)));
    }
    return value;
  }

  put(key: UK, value: UV): void {
    if (value === undefined) throw undefinedValue(this.#name, "put null, or remove the key");
    const identity = mapKey(key);
    const stored = this.#strict ? roundTrip(value) : value;
    const table = this.#scope.table;
    const slot = this.#scope.slotForWrite();
    const map = table.peek(this.#column, slot) as Map<KeyIdentity, UV> | undefined;
    if (map === undefined) {
      table.set(this.#column, slot, new Map([[identity, stored]]));
      return;
    }
    table.guard?.record(this.#entry(identity, map.get(identity)));
    map.set(identity, stored);
    table.mark(slot);
  }

  putAll(entries: Iterable<readonly [UK, UV]>): void {
    for (const [key, value] of entries) this.put(key, value);
  }

  remove(key: UK): void {
    const map = this.#map();
    const identity = mapKey(key);
    if (map === null || !map.has(identity)) return;
    if (map.size === 1) {
      this.clear();
      return;
    }
    // The order of entries is part of the state, so undoing needs the whole map here.
    this.#scope.table.touch(this.#column, this.#scope.slot);
    map.delete(identity);
  }

  contains(key: UK): boolean {
    return this.#map()?.has(mapKey(key)) ?? false;
  }

  *entries(): IterableIterator<readonly [UK, UV]> {
    const map = this.#shared();
    if (map === null) return;
    for (const [identity, value] of map) {
      yield [keyFromIdentity(identity) as UK, this.#strict ? deepFreeze(value) : value];
    }
  }

  *keys(): IterableIterator<UK> {
    const map = this.#map();
    if (map === null) return;
    for (const identity of map.keys()) yield keyFromIdentity(identity) as UK;
  }

  *values(): IterableIterator<UV> {
    for (const [, value] of this.entries()) yield value;
  }

  isEmpty(): boolean {
    return this.#map() === null;
  }

  clear(): void {
    const slot = this.#scope.find();
    if (slot >= 0) this.#scope.table.remove(this.#column, slot);
  }

  /** The map, for looking only. */
  #map(): Map<KeyIdentity, UV> | null {
    const slot = this.#scope.find();
    if (slot < 0) return null;
    // The column of a map state holds Maps only.
    const map = this.#scope.table.peek(this.#column, slot) as Map<KeyIdentity, UV> | undefined;
    return map ?? null;
  }

  /** The map, for handing out its values. */
  #shared(): Map<KeyIdentity, UV> | null {
    const slot = this.#scope.find();
    if (slot < 0) return null;
    const map = this.#scope.table.get(this.#column, slot) as Map<KeyIdentity, UV> | undefined;
    return map ?? null;
  }

  #entry(identity: KeyIdentity, value: unknown): UndoEntry {
    const scope = this.#scope;
    return new EntryImage(scope.table, this.#column, scope.identity, identity, value);
  }
}

/** The identity of a map's own key; refuses what is no key. */
export function mapKey(key: unknown): KeyIdentity {
  // UK is any Key by contract; keyIdentity refuses everything else by name.
  return keyIdentity(key as Key);
}

/** An entry of a map as it was; undefined when there was none. */
class EntryImage implements UndoEntry {
  readonly #table: StateTable;
  readonly #column: number;
  readonly #identity: KeyIdentity;
  readonly #key: KeyIdentity;
  readonly #value: unknown;

  constructor(
    table: StateTable,
    column: number,
    identity: KeyIdentity,
    key: KeyIdentity,
    value: unknown,
  ) {
    this.#table = table;
    this.#column = column;
    this.#identity = identity;
    this.#key = key;
    this.#value = value;
  }

  undo(): void {
    const slot = this.#table.slot(this.#identity);
    const map = this.#table.peek(this.#column, slot) as Map<KeyIdentity, unknown>;
    if (this.#value === undefined) map.delete(this.#key);
    else map.set(this.#key, this.#value);
  }
}
