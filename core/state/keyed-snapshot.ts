import { assert } from "../assert.ts";
import { keyGroup } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import type { Column } from "./columns.ts";
import { type KeyedBlock, writeBlock } from "./keyed-block.ts";
import { type KeyedFileFooter, KeyedFileWriter } from "./keyed-file.ts";
import { EVENT_TIME, type KeyedTables, PROCESSING_TIME } from "./keyed-tables.ts";
import type { StateTable } from "./state-table.ts";
import { gatherRows } from "./table-rows.ts";
import { type TtlColumn, dropExpired } from "./ttl.ts";

/** The key groups of a subtask. */
export interface KeyGroupsOwned {
  readonly maxParallelism: number;
  readonly firstKeyGroup: number;
  readonly lastKeyGroup: number;
}

/** Whether anything changed since the last snapshot. */
export function hasChanges(tables: KeyedTables): boolean {
  if (tables.dropped.size > 0 || tables.timers.some((timers) => timers.hasChanges)) return true;
  return tables.all().some((table) => table.hasChanges);
}

/**
 * Writes a file of everything (`full`), or of what changed since the last snapshot, and clears the
 * marks of what changed. Expired values are dropped first.
 */
export function writeSnapshot(
  tables: KeyedTables,
  owned: KeyGroupsOwned,
  ttls: readonly TtlColumn[],
  full: boolean,
): Uint8Array {
  const written = tables.all().filter((table) => full || table.hasChanges);
  const slotsIn = (table: StateTable): number[] =>
    full ? table.liveSlots() : table.changedSlots();
  for (const table of written) {
    for (const ttl of ttls) for (const slot of slotsIn(table)) dropExpired(ttl, table, slot);
  }
  const bytes = writeFile(tables, owned, written, slotsIn, {
    dropped: full ? [] : [...tables.dropped],
  });
  for (const table of written) table.snapshotTaken(full);
  for (const timers of tables.timers) timers.snapshotTaken();
  tables.droppedPersisted();
  return bytes;
}

/** Writes every row of some key groups (F5), right behind a snapshot; nothing else changes. */
export function writeWhole(
  tables: KeyedTables,
  owned: KeyGroupsOwned,
  first: number,
  last: number,
): Uint8Array {
  assert(!hasChanges(tables), "F5: what is written whole is what the segments before it say");
  const compute = (identity: KeyIdentity): number => keyGroup(identity, owned.maxParallelism);
  const slotsIn = (table: StateTable): number[] => table.liveSlotsOf(first, last, compute);
  return writeFile(tables, owned, tables.all(), slotsIn, { dropped: [], whole: [first, last] });
}

function writeFile(
  tables: KeyedTables,
  { maxParallelism, firstKeyGroup, lastKeyGroup }: KeyGroupsOwned,
  written: readonly StateTable[],
  slotsIn: (table: StateTable) => readonly number[],
  kind: Pick<KeyedFileFooter, "dropped" | "whole">,
): Uint8Array {
  const columns = tables.columns.all.filter(({ discarded }) => !discarded);
  const sections = sectionsOf(written, columns, maxParallelism, slotsIn);
  const file = new KeyedFileWriter();
  for (const group of [...sections.keys()].sort((a, b) => a - b)) {
    file.section(group, (out) => {
      for (const block of sections.get(group) ?? []) writeBlock(block, columns, out);
    });
  }
  return file.finish({
    maxParallelism,
    firstKeyGroup,
    lastKeyGroup,
    columns: columns.map(({ name, kind: of, version }) => ({ name, kind: of, version })),
    ...kind,
    eventTimers: tables.timers[EVENT_TIME].entries(),
    processingTimers: tables.timers[PROCESSING_TIME].entries(),
  });
}

/** The blocks of each key group, table by table. */
function sectionsOf(
  written: readonly StateTable[],
  columns: readonly Column[],
  maxParallelism: number,
  slotsIn: (table: StateTable) => readonly number[],
): ReadonlyMap<number, readonly KeyedBlock[]> {
  const indexes = columns.map(({ index }) => index);
  const sections = new Map<number, KeyedBlock[]>();
  for (const table of written) {
    const rows = gatherRows(table, slotsIn(table), indexes, maxParallelism);
    for (const { group, from, to, tombstones } of rows.ranges) {
      const blocks = sections.get(group) ?? [];
      sections.set(group, blocks);
      blocks.push({ namespace: table.namespace, rows, from, to, tombstones });
    }
  }
  return sections;
}
