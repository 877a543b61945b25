import { RestoreError } from "../errors.ts";
import { keyGroup } from "../record/index.ts";
import {
  type Migration,
  accessName,
  checkKind,
  isHidden,
  isUnclaimed,
  migration,
} from "./columns.ts";
import { discardColumn } from "./declare-column.ts";
import { type ReadBlock, damaged, readBlock } from "./keyed-block.ts";
import {
  type KeyedFileColumn,
  type KeyedFileFooter,
  openSection,
  readKeyedFooter,
} from "./keyed-file.ts";
import { unpackKeyedFiles } from "./keyed-pack.ts";
import { EVENT_TIME, type KeyedTables, PROCESSING_TIME } from "./keyed-tables.ts";
import type { KeyGroupsOwned } from "./keyed-snapshot.ts";
import type { StateTable } from "./state-table.ts";
import { isTurnSegment, readTurnSegment } from "./turn-segment.ts";

/** Where a file's column goes. */
export interface Target {
  /** -1: the values are not wanted any more. */
  readonly column: number;
  readonly migrate: Migration | null;
}

/**
 * Loads what one old subtask wrote, a base and the segments on top of it, as far as it belongs to
 * the key groups owned now. Every value of an older schema version is migrated.
 *
 *   R1  rows and tombstones only touch keys of the old subtask, and so do dropped namespaces
 *   R2  afterwards nothing counts as changed, unless something was migrated: then everything does,
 *       because segments must not mix schema versions
 *
 *   R3  files that continue (`continues`: own changes since a restore) know all namespace timers,
 *       and what they do not name has fired
 *
 * Answers whether this or an earlier restore (`migratedBefore`) migrated something.
 */
export function restoreKeyed(
  tables: KeyedTables,
  files: readonly Uint8Array[],
  owned: KeyGroupsOwned,
  migratedBefore: boolean,
  continues: boolean,
): boolean {
  const before = new Set(tables.namespaces());
  const columnsBefore = tables.columns.all.length;
  let migrated = migratedBefore;
  let newest: KeyedFileFooter | null = null;
  for (const file of files.flatMap((each) => unpackKeyedFiles(each))) {
    const { footer, load } = openFile(file, owned);
    checkMaxParallelism(footer, owned);
    const targets = footer.columns.map((column) => targetOf(tables, column));
    if (targets.some(({ migrate }) => migrate !== null)) migrated = true;
    for (const namespace of footer.dropped) forget(tables, namespace, before, footer);
    load(tables, targets);
    newest = footer;
  }
  if (newest !== null) {
    if (continues) for (const timers of tables.timers) timers.clear();
    loadNamespaceTimers(tables, newest);
    discardOlder(tables, columnsBefore, newest);
  }
  for (const table of tables.all()) settle(table, migrated);
  tables.droppedPersisted();
  tables.announceTimers();
  return migrated;
}

/** Hears of every row and tombstone before it is loaded. */
export type LoadedRow = (table: StateTable, slot: number) => void;

/** A file or the segment of a turn: what it says of itself, and how its rows get into tables. */
export interface OpenedFile {
  readonly footer: KeyedFileFooter;
  readonly load: (tables: KeyedTables, targets: readonly Target[], onRow?: LoadedRow) => void;
}

/** Only rows of `owned` are loaded. */
export function openFile(file: Uint8Array, owned: KeyGroupsOwned): OpenedFile {
  if (isTurnSegment(file)) {
    const { footer, blocks } = readTurnSegment(file, owned);
    return {
      footer,
      load(tables, targets, onRow = () => undefined) {
        for (const block of blocks) loadBlock(tables.table(block.namespace), block, targets, onRow);
      },
    };
  }
  const footer = readKeyedFooter(file);
  return {
    footer,
    load(tables, targets, onRow = () => undefined) {
      loadSections(tables, file, footer, targets, owned, onRow);
    },
  };
}

function loadSections(
  tables: KeyedTables,
  file: Uint8Array,
  footer: KeyedFileFooter,
  targets: readonly Target[],
  owned: KeyGroupsOwned,
  onRow: LoadedRow,
): void {
  for (const { group, offset, length } of footer.sections) {
    if (group < owned.firstKeyGroup || group > owned.lastKeyGroup) continue;
    const reader = openSection(file.subarray(offset, offset + length), group);
    while (reader.remaining > 0) {
      const block = readBlock(reader, targets.length);
      const first = block.keys[0] ?? block.tombstones[0];
      if (first !== undefined && keyGroup(first, footer.maxParallelism) !== group) {
        throw damaged(`a key is not of key group ${group}`, reader);
      }
      loadBlock(tables.table(block.namespace), block, targets, onRow);
    }
  }
}

function loadBlock(
  table: StateTable,
  block: ReadBlock,
  targets: readonly Target[],
  onRow: LoadedRow,
): void {
  for (const key of block.tombstones) {
    const slot = table.find(key);
    if (slot < 0) continue;
    onRow(table, slot);
    table.removeKey(slot);
  }
  const slots = block.keys.map((key) => table.slot(key));
  for (const slot of slots) onRow(table, slot);
  for (const slot of slots) if (table.isLive(slot)) table.removeKey(slot);
  targets.forEach(({ column, migrate }, index) => {
    const values = block.columns[index] ?? null;
    if (values === null || column < 0) return;
    for (let row = 0; row < slots.length; row++) {
      const value = values[row];
      if (value === undefined) continue;
      const current = migrate === null ? value : migrate(value);
      table.set(column, slots[row] as number, current);
    }
  });
}

/** The column that has a stored column's name; made and left unclaimed if there is none. */
export function targetOf(tables: KeyedTables, stored: KeyedFileColumn): Target {
  const known = tables.columns.find(stored.name);
  if (known === null) {
    if (belongsToStateWithoutTtl(tables, stored)) return { column: -1, migrate: null };
    const column = tables.addColumn(stored.name, stored.kind, stored.version);
    return { column: column.index, migrate: null };
  }
  checkKind(stored.name, stored.kind, known.kind);
  if (known.descriptor !== null) {
    return { column: known.index, migrate: migration(known.descriptor, stored.version) };
  }
  // A later file in another version has every row of the column again (R2).
  if (!isHidden(known)) known.version = stored.version;
  return { column: known.index, migrate: null };
}

function belongsToStateWithoutTtl(tables: KeyedTables, stored: KeyedFileColumn): boolean {
  if (stored.kind !== "access") return false;
  return tables.columns.all.some(
    ({ name, descriptor }) => descriptor !== null && accessName(name) === stored.name,
  );
}

/** Drops a namespace as far as the old subtask had it (R1). */
function forget(
  tables: KeyedTables,
  namespace: string | number,
  before: ReadonlySet<string | number>,
  footer: KeyedFileFooter,
): void {
  if (!before.has(namespace)) {
    tables.dropNamespace(namespace);
    return;
  }
  const table = tables.namespace(namespace);
  for (const slot of table.liveSlots()) {
    const group = keyGroup(table.identity(slot), footer.maxParallelism);
    if (group >= footer.firstKeyGroup && group <= footer.lastKeyGroup) table.removeKey(slot);
  }
}

export function loadNamespaceTimers(tables: KeyedTables, footer: KeyedFileFooter): void {
  for (const [namespace, time] of footer.eventTimers) {
    tables.timers[EVENT_TIME].add(namespace, time);
  }
  for (const [namespace, time] of footer.processingTimers) {
    tables.timers[PROCESSING_TIME].add(namespace, time);
  }
  for (const timers of tables.timers) timers.snapshotTaken();
}

/** What the newest file has no more was discarded before it, while the base still has it. */
function discardOlder(tables: KeyedTables, from: number, newest: KeyedFileFooter): void {
  const kept = new Set(newest.columns.map(({ name }) => name));
  for (const column of tables.columns.all.slice(from)) {
    if (isUnclaimed(column) && !kept.has(column.name)) discardColumn(tables, column);
  }
}

function settle(table: StateTable, migrated: boolean): void {
  table.snapshotTaken(true);
  if (migrated) for (const slot of table.liveSlots()) table.mark(slot);
}

function checkMaxParallelism(footer: KeyedFileFooter, owned: KeyGroupsOwned): void {
  if (footer.maxParallelism === owned.maxParallelism) return;
  throw new RestoreError(
    `keyed state was written with max parallelism ${footer.maxParallelism}, the operator has ${owned.maxParallelism}`,
    {
      code: "RESTORE_MAX_PARALLELISM",
      hint: `set maxParallelism to ${footer.maxParallelism}: it is fixed by the first run`,
    },
  );
}
