import { deepFreeze, keyFromIdentity, keyIdentity, roundTrip } from "../record/index.ts";
import type { Key, KeyIdentity } from "../record/key.ts";
import { undefinedValue } from "./cell.ts";
import { checkStateName, duplicateState } from "./columns.ts";
import type { MapStateDescriptor } from "./descriptor.ts";
import type { BroadcastState } from "./state.ts";

/** A list that is part of the operator's snapshot; change it by `update`. */
export interface OperatorList<T> {
  get(): readonly T[];
  update(values: readonly T[]): void;
}

/** The operator state of one subtask as plain data: a value of the codec. */
export interface OperatorStateSnapshot {
  /** Redistributed round robin when the parallelism changes. */
  readonly lists: Readonly<Record<string, readonly unknown[]>>;
  /** Given whole to every subtask. */
  readonly unions: Readonly<Record<string, readonly unknown[]>>;
  /** Copied from one subtask. Entries of each broadcast state. */
  readonly broadcasts: Readonly<Record<string, readonly (readonly [unknown, unknown])[]>>;
}

/**
 * State of an operator that belongs to no key: lists, unions and broadcast state, by name.
 *
 *   O1  a name is declared once, whatever the kind
 *   O2  restored state that nobody has declared is in every snapshot until somebody does
 */
export class OperatorStateStore {
  readonly #strict: boolean;
  readonly #declared = new Set<string>();
  readonly #lists = new Map<string, ListCell>();
  readonly #unions = new Map<string, ListCell>();
  readonly #broadcasts = new Map<string, BroadcastMap>();

  constructor(options: { readonly strict?: boolean } = {}) {
    this.#strict = options.strict ?? false;
  }

  /** Redistributed round robin when the parallelism changes; stays where it was otherwise. */
  list<T>(name: string): OperatorList<T> {
    this.#declare(name);
    // The name's owner is the only one who reads and writes the list.
    return cellOf(this.#lists, name, this.#strict) as OperatorList<unknown> as OperatorList<T>;
  }

  /** After any restore every subtask gets the elements of all. */
  union<T>(name: string): OperatorList<T> {
    this.#declare(name);
    // As above.
    return cellOf(this.#unions, name, this.#strict) as OperatorList<unknown> as OperatorList<T>;
  }

  /** The same entries on every subtask, by the discipline of who writes it (semantics 19). */
  broadcast<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV> {
    this.#declare(descriptor.name);
    // As above.
    return broadcastOf(this.#broadcasts, descriptor.name, this.#strict) as BroadcastState<
      unknown,
      unknown
    > as BroadcastState<UK, UV>;
  }

  /** Names of restored state that nobody has declared. */
  unclaimedStates(): string[] {
    const names = [...this.#lists.keys(), ...this.#unions.keys(), ...this.#broadcasts.keys()];
    return names.filter((name) => !this.#declared.has(name));
  }

  /** A copy of everything that later changes do not reach. */
  snapshot(): OperatorStateSnapshot {
    return {
      lists: record(this.#lists, (list) => list.get().slice()),
      unions: record(this.#unions, (list) => list.get().slice()),
      broadcasts: record(this.#broadcasts, (map) => [...map.entries()]),
    };
  }

  /** Puts a snapshot's contents in the place of what is there. */
  restore(snapshot: OperatorStateSnapshot): void {
    for (const [name, values] of Object.entries(snapshot.lists)) {
      cellOf(this.#lists, name, this.#strict).replace(values);
    }
    for (const [name, values] of Object.entries(snapshot.unions)) {
      cellOf(this.#unions, name, this.#strict).replace(values);
    }
    for (const [name, entries] of Object.entries(snapshot.broadcasts)) {
      broadcastOf(this.#broadcasts, name, this.#strict).replace(entries);
    }
  }

  #declare(name: string): void {
    checkStateName(name);
    if (this.#declared.has(name)) throw duplicateState(name);
    this.#declared.add(name);
  }
}

class ListCell implements OperatorList<unknown> {
  readonly #name: string;
  readonly #strict: boolean;
  #values: readonly unknown[] = [];

  constructor(name: string, strict: boolean) {
    this.#name = name;
    this.#strict = strict;
  }

  get(): readonly unknown[] {
    return this.#values;
  }

  update(values: readonly unknown[]): void {
    for (const value of values) {
      if (value === undefined) throw undefinedValue(this.#name, "leave the element out");
    }
    this.replace(values);
  }

  replace(values: readonly unknown[]): void {
    this.#values = this.#strict ? deepFreeze(roundTrip(values)) : values.slice();
  }
}

class BroadcastMap implements BroadcastState<unknown, unknown> {
  readonly #name: string;
  readonly #strict: boolean;
  readonly #map = new Map<KeyIdentity, unknown>();

  constructor(name: string, strict: boolean) {
    this.#name = name;
    this.#strict = strict;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: unknown): unknown {
    return this.#map.get(identityOf(key)) ?? null;
  }

  contains(key: unknown): boolean {
    return this.#map.has(identityOf(key));
  }

  *entries(): IterableIterator<readonly [unknown, unknown]> {
    for (const [identity, value] of this.#map) yield [keyFromIdentity(identity), value];
  }

  put(key: unknown, value: unknown): void {
    if (value === undefined) throw undefinedValue(this.#name, "put null, or remove the key");
    this.#map.set(identityOf(key), this.#strict ? deepFreeze(roundTrip(value)) : value);
  }

  remove(key: unknown): void {
    this.#map.delete(identityOf(key));
  }

  clear(): void {
    this.#map.clear();
  }

  replace(entries: readonly (readonly [unknown, unknown])[]): void {
    this.#map.clear();
    for (const [key, value] of entries) this.put(key, value);
  }
}

function identityOf(key: unknown): KeyIdentity {
  // UK is any Key by contract; keyIdentity refuses everything else by name.
  return keyIdentity(key as Key);
}

function cellOf(cells: Map<string, ListCell>, name: string, strict: boolean): ListCell {
  const known = cells.get(name);
  if (known !== undefined) return known;
  const cell = new ListCell(name, strict);
  cells.set(name, cell);
  return cell;
}

function broadcastOf(maps: Map<string, BroadcastMap>, name: string, strict: boolean): BroadcastMap {
  const known = maps.get(name);
  if (known !== undefined) return known;
  const map = new BroadcastMap(name, strict);
  maps.set(name, map);
  return map;
}

function record<C, V>(cells: ReadonlyMap<string, C>, contents: (cell: C) => V): Record<string, V> {
  return Object.fromEntries([...cells].map(([name, cell]) => [name, contents(cell)]));
}
