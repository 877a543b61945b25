import { BroadcastMap } from "./broadcast-map.ts";
import { undefinedValue } from "./cell.ts";
import { checkStateName, duplicateState } from "./columns.ts";
import { deepCopy } from "./deep-copy.ts";
import { deepFreeze, roundTrip } from "../record/index.ts";
import type { MapStateDescriptor } from "./descriptor.ts";
import { StateJournal } from "./journal.ts";
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

/** What the states of a store share: strict mode, and its journal once there is one. */
export interface OperatorStateSettings {
  readonly strict: boolean;
  journal: StateJournal | null;
  /** Grows whenever a state changes, or is handed out so that it may be changed. */
  revision: number;
}

/**
 * State of an operator that belongs to no key: lists, unions and broadcast state, by name.
 *
 *   O1  a name is declared once, whatever the kind
 *   O2  restored state that nobody has declared is in every snapshot until somebody does
 */
export class OperatorStateStore {
  readonly #settings: OperatorStateSettings;
  readonly #declared = new Set<string>();
  readonly #lists = new Map<string, ListCell>();
  readonly #unions = new Map<string, ListCell>();
  readonly #broadcasts = new Map<string, BroadcastMap>();

  constructor(options: { readonly strict?: boolean } = {}) {
    this.#settings = { strict: options.strict ?? false, journal: null, revision: 0 };
  }

  /** The same number as before: nothing has changed since. */
  get revision(): number {
    return this.#settings.revision;
  }

  /** Redistributed round robin when the parallelism changes; stays where it was otherwise. */
  list<T>(name: string): OperatorList<T> {
    this.#declare(name);
    // The name's owner is the only one who reads and writes the list.
    return this.#cell(this.#lists, name) as OperatorList<unknown> as OperatorList<T>;
  }

  /** After any restore every subtask gets the elements of all. */
  union<T>(name: string): OperatorList<T> {
    this.#declare(name);
    // As above.
    return this.#cell(this.#unions, name) as OperatorList<unknown> as OperatorList<T>;
  }

  /** The same entries on every subtask, by the discipline of who writes it (semantics 19). */
  broadcast<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV> {
    this.#declare(descriptor.name);
    const state: BroadcastState<unknown, unknown> = this.#broadcast(descriptor.name);
    // As above.
    return state as BroadcastState<UK, UV>;
  }

  /** The undo journal; null until `enableJournal`. */
  get journal(): StateJournal | null {
    return this.#settings.journal;
  }

  /** From now on changes can be taken back: `journal.mark()`, `rollback(mark)`, `release(mark)`. */
  enableJournal(): void {
    this.#settings.journal ??= new StateJournal(() => {});
  }

  /** Names of restored state that holds something and that nobody has declared. */
  unclaimedStates(): string[] {
    return this.#unclaimed((entries) => entries > 0);
  }

  /** Forgets restored state that nobody has declared. */
  discardUnclaimedStates(): void {
    for (const name of this.#unclaimed(() => true)) {
      this.#lists.delete(name);
      this.#unions.delete(name);
      this.#broadcasts.delete(name);
    }
  }

  #unclaimed(wanted: (entries: number) => boolean): string[] {
    const sizes: (readonly [string, number])[] = [
      ...[...this.#lists, ...this.#unions].map(
        ([name, list]) => [name, list.get().length] as const,
      ),
      ...[...this.#broadcasts].map(([name, map]) => [name, map.size] as const),
    ];
    return sizes
      .filter(([name, entries]) => !this.#declared.has(name) && wanted(entries))
      .map(([name]) => name);
  }

  /** A copy of everything that later changes do not reach. */
  snapshot(): OperatorStateSnapshot {
    this.#settings.journal?.release();
    return {
      lists: record(this.#lists, (list) => deepCopy(list.get())),
      unions: record(this.#unions, (list) => deepCopy(list.get())),
      broadcasts: record(this.#broadcasts, (map) => map.copy()),
    };
  }

  /** Puts a snapshot's contents in the place of what is there. */
  restore(snapshot: OperatorStateSnapshot): void {
    for (const [name, values] of Object.entries(snapshot.lists)) {
      this.#cell(this.#lists, name).replace(values);
    }
    for (const [name, values] of Object.entries(snapshot.unions)) {
      this.#cell(this.#unions, name).replace(values);
    }
    for (const [name, entries] of Object.entries(snapshot.broadcasts)) {
      this.#broadcast(name).replace(entries);
    }
    this.#settings.journal?.release();
  }

  #declare(name: string): void {
    checkStateName(name);
    if (this.#declared.has(name)) throw duplicateState(name);
    this.#declared.add(name);
  }

  #cell(cells: Map<string, ListCell>, name: string): ListCell {
    const known = cells.get(name);
    if (known !== undefined) return known;
    const cell = new ListCell(name, this.#settings);
    cells.set(name, cell);
    return cell;
  }

  #broadcast(name: string): BroadcastMap {
    const known = this.#broadcasts.get(name);
    if (known !== undefined) return known;
    const map = new BroadcastMap(name, this.#settings);
    this.#broadcasts.set(name, map);
    return map;
  }
}

class ListCell implements OperatorList<unknown> {
  readonly #name: string;
  readonly #settings: OperatorStateSettings;
  #values: readonly unknown[] = [];

  constructor(name: string, settings: OperatorStateSettings) {
    this.#name = name;
    this.#settings = settings;
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
    const before = this.#values;
    this.#settings.revision += 1;
    this.#settings.journal?.record({ undo: () => (this.#values = before) });
    this.#values = this.#settings.strict ? deepFreeze(roundTrip(values)) : values.slice();
  }
}

function record<C, V>(cells: ReadonlyMap<string, C>, contents: (cell: C) => V): Record<string, V> {
  return Object.fromEntries([...cells].map(([name, cell]) => [name, contents(cell)]));
}
