import type { Column } from "./columns.ts";
import { type KeyedBlock, writeBlock } from "./keyed-block.ts";
import { KeyedFileWriter } from "./keyed-file.ts";
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
  const columns = tables.columns.all.filter(({ discarded }) => !discarded);
  const sections = sectionsOf(written, columns, owned.maxParallelism, ttls, full);
  const file = new KeyedFileWriter();
  for (const group of [...sections.keys()].sort((a, b) => a - b)) {
    file.section(group, (out) => {
      for (const block of sections.get(group) ?? []) writeBlock(block, columns, out);
    });
  }
  const bytes = file.finish({
    maxParallelism: owned.maxParallelism,
    firstKeyGroup: owned.firstKeyGroup,
    lastKeyGroup: owned.lastKeyGroup,
    columns: columns.map(({ name, kind, version }) => ({ name, kind, version })),
    dropped: full ? [] : [...tables.dropped],
    eventTimers: tables.timers[EVENT_TIME].entries(),
    processingTimers: tables.timers[PROCESSING_TIME].entries(),
  });
  for (const table of written) table.snapshotTaken(full);
  for (const timers of tables.timers) timers.snapshotTaken();
  tables.droppedPersisted();
  return bytes;
}

function slotsIn(table: StateTable, full: boolean): number[] {
  return full ? table.liveSlots() : table.changedSlots();
}

/** The blocks of each key group, table by table. */
function sectionsOf(
  written: readonly StateTable[],
  columns: readonly Column[],
  maxParallelism: number,
  ttls: readonly TtlColumn[],
  full: boolean,
): ReadonlyMap<number, readonly KeyedBlock[]> {
  const indexes = columns.map(({ index }) => index);
  const sections = new Map<number, KeyedBlock[]>();
  for (const table of written) {
    for (const ttl of ttls) for (const slot of slotsIn(table, full)) dropExpired(ttl, table, slot);
    const rows = gatherRows(table, slotsIn(table, full), indexes, maxParallelism);
    for (const { group, from, to, tombstones } of rows.ranges) {
      const blocks = sections.get(group) ?? [];
      sections.set(group, blocks);
      blocks.push({ namespace: table.namespace, rows, from, to, tombstones });
    }
  }
  return sections;
}
