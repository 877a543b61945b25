import { assert } from "../assert.ts";
import type { KeyIdentity } from "../record/key.ts";
import { IntIndex } from "./int-index.ts";

/** `null` is the table of state per key; windows have one table each. */
export type Namespace = string | number | null;

/** One change, and how it is taken back. */
export interface UndoEntry {
  undo(): void;
}

/**
 * Sees accesses to a table before they happen: the undo journal, or the refusal of a table that
 * was dropped. Null in normal work, so that it costs one comparison.
 */
export interface TableGuard {
  /** `value` is about to be handed out and may be changed in place. */
  beforeRead(table: StateTable, column: number, slot: number, value: unknown): void;
  /** The value of a column is about to be replaced or removed. */
  beforeWrite(table: StateTable, column: number, slot: number): void;
  /** The value of a column (a list, a map) is about to be changed in place. */
  beforeChange(table: StateTable, column: number, slot: number): void;
  /** A change in place is about to be made that `entry` can take back. */
  record(entry: UndoEntry): void;
}

/** Tables with many dead slots; swept where nobody holds a slot (between two records). */
export interface SweepList {
  readonly tables: StateTable[];
}

/** Key group of a slot that nobody asked for yet. Groups end at 32,767. */
const UNKNOWN_GROUP = 0xffff;

// One 16-bit word per slot: how many columns have a value, and three marks.
const COUNT = 0x1fff;
const LISTED = 0x2000;
const PERSISTED = 0x4000;
const DIRTY = 0x8000;

/** Columns a table can have: what the count in a slot's word can hold. */
export const COLUMNS_MAX: number = COUNT;
const DEAD_MIN = 1_024;

/**
 * The state of all keys of one namespace: one index from key to slot, and one plain array per
 * column. No object per key and no second index, because cache misses rule with a million keys; for
 * the same reason 32-bit integers are indexed by IntIndex, all other keys by a Map.
 *
 *   T1  `undefined` in a column means no value; every column array is at most `slotsEnd` long and
 *       has no holes
 *   T2  a slot is live while some column has a value; a dead slot keeps its key until it is released
 *   T3  a dead slot whose key is in a snapshot is released only when its tombstone was recorded
 *   T4  `epoch` is raised whenever a slot may belong to another key than before, so whoever holds a
 *       slot across calls compares epochs
 *   T5  a slot has the mark DIRTY exactly when it stands in `#dirtySlots`, and LISTED exactly when
 *       it stands in `#dead`
 */
export class StateTable {
  readonly namespace: Namespace;
  /** Changes when slots were released (T4). */
  epoch: number;
  guard: TableGuard | null;
  /** Whether its namespace was dropped. */
  dropped: boolean;
  /** Whether a snapshot that was taken or restored knows this table. */
  persisted: boolean;
  readonly #sweepList: SweepList | null;
  readonly #ints: IntIndex;
  readonly #slots: Map<KeyIdentity, number>;
  readonly #identities: KeyIdentity[];
  readonly #columns: unknown[][];
  readonly #free: number[];
  #words: Uint16Array;
  #groups: Uint16Array;
  #dirtySlots: number[];
  #dead: number[];
  #deadMax: number;
  #size: number;

  constructor(namespace: Namespace, columns: number, sweepList: SweepList | null = null) {
    this.namespace = namespace;
    this.epoch = 0;
    this.guard = null;
    this.dropped = false;
    this.persisted = false;
    this.#sweepList = sweepList;
    this.#ints = new IntIndex();
    this.#slots = new Map();
    this.#identities = [];
    this.#columns = [];
    this.#free = [];
    this.#words = new Uint16Array(16);
    this.#groups = new Uint16Array(0);
    this.#dirtySlots = [];
    this.#dead = [];
    this.#deadMax = DEAD_MIN;
    this.#size = 0;
    for (let column = 0; column < columns; column++) this.addColumn();
  }

  /** Keys that have a value in some column. */
  get size(): number {
    return this.#size;
  }

  /** All slots are below this; some may be free. */
  get slotsEnd(): number {
    return this.#identities.length;
  }

  get columns(): number {
    return this.#columns.length;
  }

  addColumn(): void {
    assert(this.#columns.length < COLUMNS_MAX, "T1: a table has room for the column");
    this.#columns.push([]);
  }

  /** The slot of a key, or -1. The key may have no value. */
  find(identity: KeyIdentity): number {
    if (typeof identity === "number" && (identity | 0) === identity) {
      return this.#ints.find(identity | 0);
    }
    const slot = this.#slots.get(identity);
    return slot === undefined ? -1 : slot;
  }

  /** The slot of a key, made if need be. Valid until the next record or snapshot, see T4. */
  slot(identity: KeyIdentity): number {
    const slot = this.find(identity);
    return slot < 0 ? this.#create(identity) : slot;
  }

  identity(slot: number): KeyIdentity {
    const identity = this.#identities[slot];
    assert(identity !== undefined, "T2: the slot has a key");
    return identity;
  }

  isLive(slot: number): boolean {
    return ((this.#words[slot] ?? 0) & COUNT) !== 0;
  }

  /** undefined when there is no value. */
  get(column: number, slot: number): unknown {
    const values = this.#columns[column] as unknown[];
    if (slot >= values.length) return undefined;
    const value = values[slot];
    if (this.guard !== null && value !== undefined) {
      this.guard.beforeRead(this, column, slot, value);
    }
    return value;
  }

  /** As `get`, for readers that neither keep nor change the value (snapshots, timers). */
  peek(column: number, slot: number): unknown {
    const values = this.#columns[column] as unknown[];
    return slot < values.length ? values[slot] : undefined;
  }

  /** What `slots` have in a column, as by `peek`; null: none of them has a value. */
  valuesAt(column: number, slots: readonly number[]): readonly unknown[] | null {
    const values = this.#columns[column] as unknown[];
    const end = values.length;
    const found: unknown[] = [];
    let present = false;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as number;
      const value = slot < end ? values[slot] : undefined;
      if (value !== undefined) present = true;
      found.push(value);
    }
    return present ? found : null;
  }

  /** Sets a value; it must not be undefined. */
  set(column: number, slot: number, value: unknown): void {
    if (this.guard !== null) this.guard.beforeWrite(this, column, slot);
    const values = this.#columns[column] as unknown[];
    if (slot >= values.length) this.#append(values, slot, value);
    else {
      if (values[slot] === undefined) this.#count(slot);
      values[slot] = value;
    }
    if ((this.#words[slot] as number) < DIRTY) this.#markDirty(slot);
  }

  remove(column: number, slot: number): void {
    const values = this.#columns[column] as unknown[];
    if (slot >= values.length || values[slot] === undefined) return;
    if (this.guard !== null) this.guard.beforeWrite(this, column, slot);
    values[slot] = undefined;
    const word = (this.#words[slot] as number) - 1;
    this.#words[slot] = word;
    if (word < DIRTY) this.#markDirty(slot);
    if ((word & COUNT) === 0) this.#died(slot);
  }

  /** Says that a value (a list, a map, an accumulator) is about to be changed in place. */
  touch(column: number, slot: number): void {
    if (this.guard !== null) this.guard.beforeChange(this, column, slot);
    this.mark(slot);
  }

  /** Has the slot written by the next snapshot. */
  mark(slot: number): void {
    if ((this.#words[slot] as number) < DIRTY) this.#markDirty(slot);
  }

  /** Removes the key with all columns (timers too). */
  removeKey(slot: number): void {
    for (let column = 0; column < this.#columns.length; column++) this.remove(column, slot);
  }

  /** Whether anything changed since the last snapshot. */
  get hasChanges(): boolean {
    return this.#dirtySlots.length > 0;
  }

  /** Slots of live keys, ascending. */
  liveSlots(): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.#identities.length; slot++) {
      if (this.isLive(slot)) slots.push(slot);
    }
    return slots;
  }

  /** Slots of live keys of some key groups, both ends included; `compute` as in `keyGroup`. */
  liveSlotsOf(first: number, last: number, compute: (identity: KeyIdentity) => number): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.#identities.length; slot++) {
      if (!this.isLive(slot)) continue;
      const group = this.keyGroup(slot, compute);
      if (group >= first && group <= last) slots.push(slot);
    }
    return slots;
  }

  /** Slots changed since the last snapshot: live ones, and dead ones that need a tombstone (T3). */
  changedSlots(): number[] {
    if (this.#dirtySlots.length * 4 > this.#identities.length) return this.#scanChanged();
    return this.#dirtySlots.filter((slot) => this.#isRecorded(slot));
  }

  /** As `changedSlots`, in the order of slots: memory is read from front to back. */
  #scanChanged(): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.#identities.length; slot++) {
      if ((this.#words[slot] as number) >= DIRTY && this.#isRecorded(slot)) slots.push(slot);
    }
    return slots;
  }

  #isRecorded(slot: number): boolean {
    return ((this.#words[slot] as number) & (COUNT | PERSISTED)) !== 0;
  }

  /** Everything is in a snapshot now: clears the marks and releases dead slots (T3). */
  snapshotTaken(full: boolean): void {
    if (full) for (let slot = 0; slot < this.#identities.length; slot++) this.#settle(slot);
    else for (const slot of this.#dirtySlots) this.#settle(slot);
    this.#dirtySlots = [];
    this.persisted = true;
    this.sweep();
  }

  /** Releases dead slots that no snapshot has to hear of, and forgets slots that live again. */
  sweep(): void {
    const kept: number[] = [];
    let released = false;
    for (const slot of this.#dead) {
      const word = (this.#words[slot] as number) & ~LISTED;
      if ((word & COUNT) !== 0) this.#words[slot] = word;
      else if ((word & PERSISTED) !== 0) kept.push(slot);
      else {
        this.#words[slot] = word;
        this.#forget(this.identity(slot));
        this.#free.push(slot);
        released = true;
      }
    }
    this.#dead = kept;
    this.#deadMax = Math.max(DEAD_MIN, kept.length * 2);
    if (released) this.epoch++;
  }

  /** The key group of a slot, computed once by `compute`. */
  keyGroup(slot: number, compute: (identity: KeyIdentity) => number): number {
    if (this.#groups.length < this.#words.length) this.#growGroups();
    const known = this.#groups[slot] as number;
    if (known !== UNKNOWN_GROUP) return known;
    const group = compute(this.identity(slot));
    this.#groups[slot] = group;
    return group;
  }

  #create(identity: KeyIdentity): number {
    const free = this.#free.pop();
    const slot = free ?? this.#identities.length;
    if (free === undefined) {
      this.#identities.push(identity);
      if (slot >= this.#words.length) this.#grow();
    } else {
      this.#identities[slot] = identity;
      if (slot < this.#groups.length) this.#groups[slot] = UNKNOWN_GROUP;
    }
    if (isInt(identity)) this.#ints.add(identity, slot);
    else this.#slots.set(identity, slot);
    return slot;
  }

  #forget(identity: KeyIdentity): void {
    if (isInt(identity)) this.#ints.delete(identity);
    else this.#slots.delete(identity);
  }

  #grow(): void {
    const words = new Uint16Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
  }

  #growGroups(): void {
    const groups = new Uint16Array(this.#words.length).fill(UNKNOWN_GROUP);
    groups.set(this.#groups);
    this.#groups = groups;
  }

  /** The first value of a slot in this column. Pushing keeps the array packed (T1). */
  #append(values: unknown[], slot: number, value: unknown): void {
    while (values.length < slot) values.push(undefined);
    values.push(value);
    this.#count(slot);
  }

  #count(slot: number): void {
    const word = (this.#words[slot] as number) + 1;
    this.#words[slot] = word;
    if ((word & COUNT) === 1) this.#size++;
  }

  #markDirty(slot: number): void {
    this.#words[slot] = (this.#words[slot] as number) | DIRTY;
    this.#dirtySlots.push(slot);
  }

  #died(slot: number): void {
    this.#size--;
    const word = this.#words[slot] as number;
    if ((word & LISTED) !== 0) return;
    this.#words[slot] = word | LISTED;
    this.#dead.push(slot);
    if (this.#dead.length <= this.#deadMax || this.#sweepList === null) return;
    this.#deadMax = Number.POSITIVE_INFINITY;
    this.#sweepList.tables.push(this);
  }

  #settle(slot: number): void {
    const word = (this.#words[slot] as number) & ~(DIRTY | PERSISTED);
    this.#words[slot] = (word & COUNT) === 0 ? word : word | PERSISTED;
  }
}

function isInt(identity: KeyIdentity): identity is number {
  return typeof identity === "number" && (identity | 0) === identity;
}
