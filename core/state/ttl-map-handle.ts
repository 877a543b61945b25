import { deepFreeze, keyFromIdentity, roundTrip } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import { undefinedValue } from "./cell.ts";
import { mapKey } from "./map-handle.ts";
import type { StateScope } from "./state-scope.ts";
import type { MapState } from "./state.ts";
import { type TtlColumn, dropEntries, removeBoth } from "./ttl.ts";

/** Map state whose entries expire one by one; the access column holds a Map of their times. */
export class TtlMapHandle<UK, UV> implements MapState<UK, UV> {
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

  get(key: UK): UV | null {
    const value = this.#read(mapKey(key));
    if (value === undefined) return null;
    return this.#strict ? deepFreeze(value) : value;
  }

  put(key: UK, value: UV): void {
    if (value === undefined) throw undefinedValue(this.#name, "put null, or remove the key");
    const identity = mapKey(key);
    const stored = this.#strict ? roundTrip(value) : value;
    const now = this.#ttl.rule.now();
    const map = this.#map();
    if (map === null) {
      const slot = this.#scope.slotForWrite();
      this.#scope.table.set(this.#ttl.column, slot, new Map([[identity, stored]]));
      this.#scope.table.set(this.#ttl.access, slot, new Map([[identity, now]]));
      return;
    }
    const times = this.#times(map);
    this.#touch();
    map.set(identity, stored);
    times.set(identity, now);
  }

  putAll(entries: Iterable<readonly [UK, UV]>): void {
    for (const [key, value] of entries) this.put(key, value);
  }

  remove(key: UK): void {
    const map = this.#map();
    const identity = mapKey(key);
    if (map?.has(identity) === true) this.#delete(map, identity);
  }

  contains(key: UK): boolean {
    return this.#read(mapKey(key)) !== undefined;
  }

  *entries(): IterableIterator<readonly [UK, UV]> {
    for (const [identity, value] of this.#readAll()) {
      yield [keyFromIdentity(identity) as UK, this.#strict ? deepFreeze(value) : value];
    }
  }

  *keys(): IterableIterator<UK> {
    for (const [identity] of this.#readAll()) yield keyFromIdentity(identity) as UK;
  }

  *values(): IterableIterator<UV> {
    for (const [, value] of this.entries()) yield value;
  }

  isEmpty(): boolean {
    const map = this.#map();
    if (map === null || this.#ttl.rule.returnExpired) return map === null;
    const now = this.#ttl.rule.now();
    for (const at of this.#times(map).values()) if (!this.#ttl.rule.expired(at, now)) return false;
    return true;
  }

  clear(): void {
    const slot = this.#scope.find();
    if (slot >= 0) removeBoth(this.#ttl, this.#scope.table, slot);
  }

  /** One entry, as an access to it; undefined when there is none. */
  #read(identity: KeyIdentity): UV | undefined {
    const map = this.#map();
    const value = map?.get(identity);
    if (map === null || value === undefined) return undefined;
    const times = this.#times(map);
    const now = this.#ttl.rule.now();
    if (this.#ttl.rule.expired(times.get(identity) as number, now)) {
      this.#delete(map, identity);
      return this.#ttl.rule.returnExpired ? value : undefined;
    }
    if (this.#ttl.rule.onRead) {
      this.#scope.table.touch(this.#ttl.access, this.#scope.slot);
      times.set(identity, now);
    }
    return value;
  }

  /** All entries, as an access to each. */
  #readAll(): (readonly [KeyIdentity, UV])[] {
    const map = this.#map();
    if (map === null) return [];
    const before = [...map];
    const times = this.#times(map);
    dropEntries(this.#ttl, this.#scope.table, this.#scope.slot, map, times);
    const after = this.#map();
    const alive = after === null ? [] : [...after];
    if (this.#ttl.rule.onRead && alive.length > 0) {
      this.#scope.table.touch(this.#ttl.access, this.#scope.slot);
      for (const [identity] of alive) times.set(identity, this.#ttl.rule.now());
    }
    return this.#ttl.rule.returnExpired ? before : alive;
  }

  #delete(map: Map<KeyIdentity, UV>, identity: KeyIdentity): void {
    if (map.size === 1) {
      this.clear();
      return;
    }
    const times = this.#times(map);
    this.#touch();
    map.delete(identity);
    times.delete(identity);
  }

  #touch(): void {
    this.#scope.table.touch(this.#ttl.column, this.#scope.slot);
    this.#scope.table.touch(this.#ttl.access, this.#scope.slot);
  }

  #map(): Map<KeyIdentity, UV> | null {
    const slot = this.#scope.find();
    if (slot < 0) return null;
    // The column of a map state holds Maps only.
    const map = this.#scope.table.get(this.#ttl.column, slot);
    return (map as Map<KeyIdentity, UV> | undefined) ?? null;
  }

  /** Without last accesses the map comes from a snapshot taken without TTL: it starts to age now. */
  #times(map: Map<KeyIdentity, UV>): Map<KeyIdentity, number> {
    const table = this.#scope.table;
    const known = table.peek(this.#ttl.access, this.#scope.slot);
    if (known !== undefined) return known as Map<KeyIdentity, number>;
    const now = this.#ttl.rule.now();
    const times = new Map<KeyIdentity, number>();
    for (const identity of map.keys()) times.set(identity, now);
    table.set(this.#ttl.access, this.#scope.slot, times);
    return times;
  }
}
