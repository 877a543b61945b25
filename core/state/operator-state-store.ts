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
  readonly #journal = new Journal();
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
    return this.#list(this.#lists, name) as OperatorList<unknown> as OperatorList<T>;
  }

  /** After any restore every subtask gets the elements of all. */
  union<T>(name: string): OperatorList<T> {
    this.#declare(name);
    // As above.
    return this.#list(this.#unions, name) as OperatorList<unknown> as OperatorList<T>;
  }

  /** The same entries on every subtask, by the discipline of who writes it (semantics 19). */
  broadcast<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV> {
    this.#declare(descriptor.name);
    // As above.
    return this.#broadcast(descriptor.name) as BroadcastState<unknown, unknown> as BroadcastState<
      UK,
      UV
    >;
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
      this.#list(this.#lists, name).replace(values);
    }
    for (const [name, values] of Object.entries(snapshot.unions)) {
      this.#list(this.#unions, name).replace(values);
    }
    for (const [name, entries] of Object.entries(snapshot.broadcasts)) {
      this.#broadcast(name).replace(entries);
    }
  }

  /** From now on changes can be taken back by `rollback`, until `release` keeps them. */
  enableJournal(): void {
    this.#journal.enable();
  }

  rollback(): void {
    this.#journal.rollback();
  }

  release(): void {
    this.#journal.release();
  }

  #list(cells: Map<string, ListCell>, name: string): ListCell {
    const known = cells.get(name);
    if (known !== undefined) return known;
    const cell = new ListCell(name, this.#strict, this.#journal);
    cells.set(name, cell);
    return cell;
  }

  #broadcast(name: string): BroadcastMap {
    const known = this.#broadcasts.get(name);
    if (known !== undefined) return known;
    const map = new BroadcastMap(name, this.#strict, this.#journal);
    this.#broadcasts.set(name, map);
    return map;
  }

  #declare(name: string): void {
    checkStateName(name);
    if (this.#declared.has(name)) throw duplicateState(name);
    this.#declared.add(name);
  }
}

/** What takes changes back, the newest last; operator state changes seldom. */
class Journal {
  #undos: (() => void)[] | null = null;

  enable(): void {
    this.#undos ??= [];
  }

  record(undo: () => void): void {
    this.#undos?.push(undo);
  }

  rollback(): void {
    for (const undo of this.#undos?.toReversed() ?? []) undo();
    this.release();
  }

  release(): void {
    if (this.#undos !== null) this.#undos.length = 0;
  }
}

class ListCell implements OperatorList<unknown> {
  readonly #name: string;
  readonly #strict: boolean;
  readonly #journal: Journal;
  #values: readonly unknown[] = [];

  constructor(name: string, strict: boolean, journal: Journal) {
    this.#name = name;
    this.#strict = strict;
    this.#journal = journal;
  }

  get(): readonly unknown[] {
    return this.#values;
  }

  update(values: readonly unknown[]): void {
    for (const value of values) {
      if (value === undefined) throw undefinedValue(this.#name, "leave the element out");
    }
    const before = this.#values;
    this.#journal.record(() => {
      this.#values = before;
    });
    this.replace(values);
  }

  replace(values: readonly unknown[]): void {
    this.#values = this.#strict ? deepFreeze(roundTrip(values)) : values.slice();
  }
}

class BroadcastMap implements BroadcastState<unknown, unknown> {
  readonly #name: string;
  readonly #strict: boolean;
  readonly #journal: Journal;
  readonly #map = new Map<KeyIdentity, unknown>();

  constructor(name: string, strict: boolean, journal: Journal) {
    this.#name = name;
    this.#strict = strict;
    this.#journal = journal;
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
    const identity = identityOf(key);
    this.#recordEntry(identity);
    this.#map.set(identity, this.#strict ? deepFreeze(roundTrip(value)) : value);
  }

  remove(key: unknown): void {
    const identity = identityOf(key);
    this.#recordEntry(identity);
    this.#map.delete(identity);
  }

  clear(): void {
    const before = [...this.#map];
    this.#journal.record(() => {
      for (const [identity, value] of before) this.#map.set(identity, value);
    });
    this.#map.clear();
  }

  #recordEntry(identity: KeyIdentity): void {
    const before = this.#map.get(identity);
    this.#journal.record(() => {
      if (before === undefined) this.#map.delete(identity);
      else this.#map.set(identity, before);
    });
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

function record<C, V>(cells: ReadonlyMap<string, C>, contents: (cell: C) => V): Record<string, V> {
  return Object.fromEntries([...cells].map(([name, cell]) => [name, contents(cell)]));
}
