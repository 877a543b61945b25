import { JobError } from "../errors.ts";
import type { Clock } from "../ports/index.ts";
import { keyFromIdentity, keyIdentity } from "../record/index.ts";
import type { Key, KeyIdentity } from "../record/key.ts";
import { AggregatingHandle } from "./aggregating-handle.ts";
import type { Cell } from "./cell.ts";
import { ColumnCell, StrictCell } from "./cell.ts";
import type { Column } from "./columns.ts";
import { isUnclaimed } from "./columns.ts";
import { declareColumn, discardColumn } from "./declare-column.ts";
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  StateDescriptor,
  ValueStateDescriptor,
} from "./descriptor.ts";
import type { StateJournal } from "./journal.ts";
import { catchUpKeyed } from "./keyed-catch-up.ts";
import { restoreKeyed } from "./keyed-restore.ts";
import { hasChanges, writeSnapshot, writeWhole } from "./keyed-snapshot.ts";
import { KeyLookAhead } from "./key-look-ahead.ts";
import { KeyedTables } from "./keyed-tables.ts";
import { ListHandle } from "./list-handle.ts";
import { MapHandle } from "./map-handle.ts";
import { ReducingHandle } from "./reducing-handle.ts";
import { StateScope } from "./state-scope.ts";
import { StateTable } from "./state-table.ts";
import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from "./state.ts";
import { TtlCell } from "./ttl-cell.ts";
import { TtlListHandle } from "./ttl-list-handle.ts";
import { TtlMapHandle } from "./ttl-map-handle.ts";
import { type TtlColumn, TtlRule } from "./ttl.ts";
import { writeTurnSegment } from "./turn-segment.ts";
import { ValueHandle } from "./value-handle.ts";

export interface KeyedStateOptions {
  readonly maxParallelism: number;
  readonly firstKeyGroup: number;
  readonly lastKeyGroup: number;
  readonly clock: Clock;
  readonly strict: boolean;
}

/**
 * The keyed state of one operator in one subtask: tables, the current key, handles, snapshots.
 *
 *   B1  `scope` refers to `keyed` and the current key; before the first key it refers to a table
 *       that refuses every access
 *   B2  dead slots are released only between two records, when nobody holds a slot
 */
export class KeyedStateBackend {
  /** The table of state per key. */
  readonly keyed: StateTable;
  /** The current key in `keyed`. */
  readonly scope: StateScope;
  /** Keys of records to come. */
  readonly lookAhead: KeyLookAhead;
  /** Everything that is state; for the timer service and snapshots. */
  readonly tables: KeyedTables;
  readonly #options: KeyedStateOptions;
  readonly #ttls: TtlColumn[];
  /** Null: the key was set by identity, and nobody asked for it yet. */
  #key: Key | null;
  #migrated: boolean;

  /** `tables`: those of a backend that is used no more, to go on with. */
  constructor(options: KeyedStateOptions, tables: KeyedTables = new KeyedTables()) {
    this.tables = tables;
    this.keyed = this.tables.keyed;
    this.scope = new StateScope(new NoKeyTable());
    this.lookAhead = new KeyLookAhead(this.keyed);
    this.#options = options;
    this.#ttls = [];
    this.#key = null;
    this.#migrated = false;
  }

  /** The key groups of the subtask, both ends included. */
  get keyGroups(): { readonly first: number; readonly last: number } {
    return { first: this.#options.firstKeyGroup, last: this.#options.lastKeyGroup };
  }

  setCurrentKey(key: Key): void {
    if (this.tables.sweepList.tables.length > 0) this.#sweep();
    this.#key = key;
    this.scope.enter(this.keyed, keyIdentity(key));
  }

  /** As `setCurrentKey`, with the i-th key that `lookAhead` has. */
  setCurrentAhead(i: number): void {
    if (this.tables.sweepList.tables.length > 0) this.#sweep();
    this.#key = null;
    this.lookAhead.enter(this.scope, i);
  }

  /** Sets the key from a table's slot, e.g. when a timer fires. */
  setCurrentIdentity(identity: KeyIdentity): void {
    this.#key = null;
    this.scope.enter(this.keyed, identity);
  }

  /** Makes every access to keyed state an error until a key is set, e.g. for broadcast elements. */
  clearCurrentKey(): void {
    this.#key = null;
    this.scope.enter(new NoKeyTable(), "");
  }

  /** As the selector returned it. */
  currentKey(): Key {
    this.#key ??= keyFromIdentity(this.currentIdentity());
    return this.#key;
  }

  currentIdentity(): KeyIdentity {
    if (this.scope.table !== this.keyed) throw noKey();
    return this.scope.identity;
  }

  /**
   * The column of a descriptor, in every table. The same descriptor has the same column; another
   * descriptor with the same name is an error.
   */
  column(descriptor: StateDescriptor): number {
    return this.#declare(descriptor).index;
  }

  valueState<T>(
    descriptor: ValueStateDescriptor<T>,
    scope: StateScope = this.scope,
  ): ValueState<T> {
    return new ValueHandle<T>(descriptor.name, this.#cell(descriptor, scope, true));
  }

  listState<T>(descriptor: ListStateDescriptor<T>, scope: StateScope = this.scope): ListState<T> {
    const { name } = descriptor;
    const { strict } = this.#options;
    const { index } = this.#declare(descriptor);
    const ttl = this.#ttlOf(index);
    if (ttl !== null) return new TtlListHandle<T>(name, scope, ttl, strict);
    return new ListHandle<T>(name, scope, index, strict);
  }

  mapState<UK, UV>(
    descriptor: MapStateDescriptor<UK, UV>,
    scope: StateScope = this.scope,
  ): MapState<UK, UV> {
    const { name } = descriptor;
    const { strict } = this.#options;
    // Only a type differs: the descriptor holds no values.
    const { index } = this.#declare(descriptor as MapStateDescriptor<unknown, unknown>);
    const ttl = this.#ttlOf(index);
    if (ttl !== null) return new TtlMapHandle<UK, UV>(name, scope, ttl, strict);
    return new MapHandle<UK, UV>(name, scope, index, strict);
  }

  reducingState<T>(
    descriptor: ReducingStateDescriptor<T>,
    scope: StateScope = this.scope,
  ): ReducingState<T> {
    const cell = this.#cell(descriptor, scope, true);
    return new ReducingHandle<T>(descriptor.name, cell, descriptor.reduce);
  }

  aggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
    scope: StateScope = this.scope,
  ): AggregatingState<IN, OUT> {
    const cell = this.#cell(descriptor, scope, false);
    return new AggregatingHandle<IN, ACC, OUT>(descriptor.name, cell, descriptor.aggregate);
  }

  /** The table of a namespace, made if need be. */
  namespace(id: string | number): StateTable {
    return this.tables.namespace(id);
  }

  findNamespace(id: string | number): StateTable | null {
    return this.tables.findNamespace(id);
  }

  /** Forgets the state of all keys in a namespace, at once. */
  dropNamespace(id: string | number): void {
    this.tables.dropNamespace(id);
  }

  namespaces(): Iterable<string | number> {
    return this.tables.namespaces();
  }

  /** The undo journal; null until `enableJournal`. */
  get journal(): StateJournal | null {
    return this.tables.journal;
  }

  /** From now on changes can be taken back: `journal.mark()`, `rollback(mark)`, `release(mark)`. */
  enableJournal(): void {
    this.tables.enableJournal();
  }

  /** A file of the whole state. */
  snapshotFull(): Uint8Array {
    return this.#snapshot(true);
  }

  /** A file with every row of some key groups, right behind another snapshot; see `F5` of the files. */
  snapshotWhole(first: number, last: number): Uint8Array {
    return writeWhole(this.tables, this.#options, first, last);
  }

  /** A file of what changed since the last snapshot, or null when nothing did. */
  snapshotDelta(): Uint8Array | null {
    return hasChanges(this.tables) ? this.#snapshot(false) : null;
  }

  /** As `snapshotDelta`, for what is only ever read as a whole: what a turn adds to its ledger. */
  turnSegment(): Uint8Array | null {
    if (!hasChanges(this.tables)) return null;
    this.tables.releaseJournal();
    return writeTurnSegment(this.tables, this.#options, this.#ttls);
  }

  /**
   * Loads the files of one old subtask, base first, then segments; only own key groups are kept.
   * Call it once per old subtask, before the first element. A RestoreError names what does not fit.
   * `continues`: the files hold what this subtask itself changed since then.
   */
  restore(files: readonly Uint8Array[], continues = false): void {
    this.#migrated = restoreKeyed(this.tables, files, this.#options, this.#migrated, continues);
    this.tables.releaseJournal();
  }

  /** Takes in the segments that were written since the version of the tables; see `catchUpKeyed`. */
  catchUp(segments: readonly Uint8Array[]): void {
    catchUpKeyed(this.tables, segments, this.#options);
    this.tables.releaseJournal();
  }

  /** Names of restored states that nobody has declared; they stay in every snapshot. */
  unclaimedStates(): string[] {
    return unclaimed(this.tables).map(({ name }) => name);
  }

  /** Forgets restored states that nobody has declared. */
  discardUnclaimedStates(): void {
    for (const column of unclaimed(this.tables)) discardColumn(this.tables, column);
  }

  #snapshot(full: boolean): Uint8Array {
    this.tables.releaseJournal();
    return writeSnapshot(this.tables, this.#options, this.#ttls, full);
  }

  #declare(descriptor: StateDescriptor): Column {
    const { ttl, name, kind } = descriptor;
    const rule = ttl === undefined ? null : new TtlRule(name, ttl, this.#options.clock);
    const column = declareColumn(this.tables, descriptor);
    if (rule !== null && this.#ttlOf(column.index) === null) {
      this.#ttls.push({ kind, column: column.index, access: column.access, rule });
    }
    return column;
  }

  #ttlOf(column: number): TtlColumn | null {
    return this.#ttls.find((ttl) => ttl.column === column) ?? null;
  }

  #cell(descriptor: StateDescriptor, scope: StateScope, freeze: boolean): Cell {
    const { index } = this.#declare(descriptor);
    const ttl = this.#ttlOf(index);
    const cell = ttl === null ? new ColumnCell(scope, index) : new TtlCell(scope, ttl);
    return this.#options.strict ? new StrictCell(cell, freeze) : cell;
  }

  #sweep(): void {
    for (const table of this.tables.sweepList.tables) table.sweep();
    this.tables.sweepList.tables.length = 0;
  }
}

function unclaimed(tables: KeyedTables): Column[] {
  return tables.columns.all.filter(isUnclaimed);
}

/** Stands in for the table while there is no current key (B1). */
class NoKeyTable extends StateTable {
  constructor() {
    super(null, 0);
  }

  override find(): number {
    throw noKey();
  }

  override slot(): number {
    throw noKey();
  }
}

function noKey(): JobError {
  return new JobError("keyed state was used without a current key", {
    code: "STATE_NO_KEY",
    hint: "use keyed state only while an element or a timer of a key is processed",
  });
}
