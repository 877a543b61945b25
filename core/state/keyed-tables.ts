import { AssertionError, assert } from "../assert.ts";
import type { Column, ColumnKind } from "./columns.ts";
import { Columns } from "./columns.ts";
import { StateJournal } from "./journal.ts";
import { NamespaceTimers } from "./namespace-timers.ts";
import type { Namespace, SweepList, TableGuard, UndoEntry } from "./state-table.ts";
import { StateTable } from "./state-table.ts";

/** The two clocks of timers; also the index of their columns and namespace timers. */
export const EVENT_TIME = 0;
export const PROCESSING_TIME = 1;
export type TimeDomain = typeof EVENT_TIME | typeof PROCESSING_TIME;

/** Names of the hidden columns with the due times per key. */
export const TIMER_COLUMNS: readonly [string, string] = [
  ":timers:event-time",
  ":timers:processing-time",
];

/** Due times of a key: none, one, or several in ascending order. */
export type DueTimes = number | readonly number[] | undefined;

/** The timers of a slot, by time domain. */
export type SlotTimers = readonly [DueTimes, DueTimes];

/** Who keeps an index over the timer columns: the timer service. */
export interface TimerIndex {
  /** All timers are about to be named again. */
  timersReset(): void;
  /** A timer is there that was not registered through the index: restored or rolled back. */
  timerFound(domain: TimeDomain, table: StateTable, slot: number, timestamp: number): void;
}

/**
 * The tables of one operator and subtask: one per namespace, all with the same columns.
 *
 *   K1  every table has a column array for every column of `columns`
 *   K2  a table that was dropped refuses writes, so that a scope that still refers to it shows
 *   K3  a namespace that a snapshot knows is in `dropped` from its drop to the next snapshot
 */
export class KeyedTables {
  readonly keyed: StateTable;
  readonly columns: Columns;
  readonly timers: readonly [NamespaceTimers, NamespaceTimers];
  readonly sweepList: SweepList;
  readonly #namespaces: Map<string | number, StateTable>;
  #dropped: Set<string | number>;
  #last: StateTable | null;
  #journal: StateJournal | null;
  #index: TimerIndex | null;
  readonly #timerColumns: [number, number];

  constructor() {
    this.sweepList = { tables: [] };
    this.keyed = new StateTable(null, 0, this.sweepList);
    this.columns = new Columns();
    this.timers = [new NamespaceTimers(), new NamespaceTimers()];
    this.#namespaces = new Map();
    this.#dropped = new Set();
    this.#last = null;
    this.#journal = null;
    this.#index = null;
    this.#timerColumns = [-1, -1];
  }

  /** The undo journal; null while it is off. */
  get journal(): StateJournal | null {
    return this.#journal;
  }

  enableJournal(): void {
    if (this.#journal !== null) return;
    const journal = new StateJournal((table, column, slot) => this.#announce(table, column, slot));
    this.#journal = journal;
    this.keyed.guard = journal;
    for (const table of this.#namespaces.values()) table.guard = journal;
    for (const timers of this.timers) timers.journal = journal;
  }

  /** Forgets what could be taken back. */
  releaseJournal(): void {
    this.#journal?.release();
  }

  addColumn(name: string, kind: ColumnKind, version: number): Column {
    const column = this.columns.add(name, kind, version);
    this.keyed.addColumn();
    for (const table of this.#namespaces.values()) table.addColumn();
    return column;
  }

  /** All tables: that of the keys first, then the namespaces in the order they were made. */
  all(): StateTable[] {
    return [this.keyed, ...this.#namespaces.values()];
  }

  namespaces(): IterableIterator<string | number> {
    return this.#namespaces.keys();
  }

  table(namespace: Namespace): StateTable {
    return namespace === null ? this.keyed : this.namespace(namespace);
  }

  /** The table of a namespace, made if need be. */
  namespace(id: string | number): StateTable {
    const last = this.#last;
    if (last !== null && last.namespace === id) return last;
    const table = this.#namespaces.get(id) ?? this.#create(id);
    this.#last = table;
    return table;
  }

  findNamespace(id: string | number): StateTable | null {
    const last = this.#last;
    if (last !== null && last.namespace === id) return last;
    const table = this.#namespaces.get(id);
    if (table === undefined) return null;
    this.#last = table;
    return table;
  }

  dropNamespace(id: string | number): void {
    const table = this.#namespaces.get(id);
    if (table === undefined) return;
    this.#namespaces.delete(id);
    this.#last = null;
    const recorded = table.persisted && !this.#dropped.has(id);
    if (recorded) this.#dropped.add(id);
    table.guard = DROPPED;
    table.dropped = true;
    this.#journal?.record({ undo: () => this.#undrop(id, table, recorded) });
  }

  /** Namespaces that a snapshot knows and that were dropped since. */
  get dropped(): ReadonlySet<string | number> {
    return this.#dropped;
  }

  droppedPersisted(): void {
    this.#dropped = new Set();
  }

  /** The hidden column of a time domain's timers, made with the first timer. */
  timerColumn(domain: TimeDomain): number {
    const known = this.findTimerColumn(domain);
    if (known >= 0) return known;
    this.addColumn(TIMER_COLUMNS[domain], "timers", 1);
    return this.findTimerColumn(domain);
  }

  /** The column of `timerColumn`, or -1 while there is none. */
  findTimerColumn(domain: TimeDomain): number {
    if (this.#timerColumns[domain] < 0) {
      this.#timerColumns[domain] = this.columns.find(TIMER_COLUMNS[domain])?.index ?? -1;
    }
    return this.#timerColumns[domain];
  }

  /** Tells `index` of all timers there are, and from now on of those that come back. */
  attachTimerIndex(index: TimerIndex): void {
    assert(this.#index === null, "one timer service per backend");
    this.#index = index;
    this.announceTimers();
  }

  /**
   * Another service goes on with the index of the one before it; and nothing counts as declared, so
   * that the operators of another task can declare their state.
   */
  handOver(index: TimerIndex): void {
    this.#index = index;
    for (const column of this.columns.all) column.descriptor = null;
  }

  timersOf(table: StateTable, slot: number): SlotTimers {
    const of = (domain: TimeDomain): DueTimes => {
      const column = this.findTimerColumn(domain);
      // Only the timer service and snapshots write the column.
      return column < 0 ? undefined : (table.peek(column, slot) as DueTimes);
    };
    return [of(EVENT_TIME), of(PROCESSING_TIME)];
  }

  /** Tells the index of the timers of a slot that were not there before. */
  announceNew(table: StateTable, slot: number, before: SlotTimers): void {
    const now = this.timersOf(table, slot);
    for (const domain of [EVENT_TIME, PROCESSING_TIME] as const) {
      const known = timesOf(before[domain]);
      for (const timestamp of timesOf(now[domain])) {
        if (!known.includes(timestamp)) this.#index?.timerFound(domain, table, slot, timestamp);
      }
    }
  }

  /** After a restore: every timer of a key, table by table in the order of slots. */
  announceTimers(): void {
    this.#index?.timersReset();
    for (const table of this.all()) this.#announceTable(table);
  }

  #announceTable(table: StateTable): void {
    for (const domain of [EVENT_TIME, PROCESSING_TIME] as const) {
      const column = this.findTimerColumn(domain);
      if (column < 0) continue;
      for (let slot = 0; slot < table.slotsEnd; slot++) this.#announce(table, column, slot);
    }
  }

  #announce(table: StateTable, column: number, slot: number): void {
    const index = this.#index;
    if (index === null) return;
    for (const domain of [EVENT_TIME, PROCESSING_TIME] as const) {
      if (this.findTimerColumn(domain) !== column) continue;
      const due = table.peek(column, slot) as number | readonly number[] | undefined;
      if (typeof due === "number") index.timerFound(domain, table, slot, due);
      else for (const timestamp of due ?? []) index.timerFound(domain, table, slot, timestamp);
    }
  }

  #create(id: string | number): StateTable {
    const table = new StateTable(id, this.columns.all.length, this.sweepList);
    table.guard = this.#journal;
    this.#namespaces.set(id, table);
    this.#journal?.record({ undo: () => this.#uncreate(id, table) });
    return table;
  }

  #uncreate(id: string | number, table: StateTable): void {
    this.#namespaces.delete(id);
    this.#last = null;
    table.guard = DROPPED;
    table.dropped = true;
  }

  #undrop(id: string | number, table: StateTable, recorded: boolean): void {
    table.guard = this.#journal;
    table.dropped = false;
    while (table.columns < this.columns.all.length) table.addColumn();
    this.#namespaces.set(id, table);
    this.#last = null;
    if (recorded) this.#dropped.delete(id);
    this.#announceTable(table);
  }
}

function timesOf(due: DueTimes): readonly number[] {
  if (due === undefined) return [];
  return typeof due === "number" ? [due] : due;
}

/** The guard of dropped tables: reading is harmless, writing would be lost (K2). */
const DROPPED: TableGuard = {
  beforeRead(): void {},
  beforeWrite: refuseWrite,
  beforeChange: refuseWrite,
  record(_entry: UndoEntry): void {
    throw new AssertionError("K2: no write to a dropped namespace");
  },
};

function refuseWrite(table: StateTable): void {
  throw new AssertionError(`K2: no write to the dropped namespace ${String(table.namespace)}`);
}
