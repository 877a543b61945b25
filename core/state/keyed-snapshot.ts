import type { ByteWriter } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import type { Column } from "./columns.ts";
import { type KeyedBlock, writeBlock } from "./keyed-block.ts";
import { KeyedFileWriter } from "./keyed-file.ts";
import { EVENT_TIME, type KeyedTables, PROCESSING_TIME } from "./keyed-tables.ts";
import { type RowOrder, orderByKeyGroup } from "./row-order.ts";
import type { StateTable } from "./state-table.ts";
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
  const slotsOf = written.map((table) => {
    for (const ttl of ttls) for (const slot of slotsIn(table, full)) dropExpired(ttl, table, slot);
    return slotsIn(table, full);
  });
  const order = orderByKeyGroup(written, slotsOf, owned.maxParallelism);
  const file = new KeyedFileWriter();
  const columns = tables.columns.all.filter(({ discarded }) => !discarded);
  for (let group = 0; group < owned.maxParallelism; group++) {
    if (order.starts[group] === order.starts[group + 1]) continue;
    file.section(group, (out) => writeSection(out, written, order, group, columns));
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

/** The blocks of one key group: a run of rows per table. */
function writeSection(
  out: ByteWriter,
  tables: readonly StateTable[],
  order: RowOrder,
  group: number,
  columns: readonly Column[],
): void {
  const names = columns.map(({ name }) => name);
  const end = order.starts[group + 1] as number;
  for (let from = order.starts[group] as number; from < end;) {
    const index = order.tables[from] as number;
    let to = from + 1;
    while (to < end && order.tables[to] === index) to++;
    const table = tables[index] as StateTable;
    writeBlock(blockOf(table, order.slots.subarray(from, to), columns), names, out);
    from = to;
  }
}

function blockOf(table: StateTable, slots: Uint32Array, columns: readonly Column[]): KeyedBlock {
  const rows = slots.filter((slot) => table.isLive(slot));
  const tombstones: KeyIdentity[] = [];
  if (rows.length < slots.length) {
    for (const slot of slots) if (!table.isLive(slot)) tombstones.push(table.identity(slot));
  }
  const keys: KeyIdentity[] = [];
  for (const slot of rows) keys.push(table.identity(slot));
  return {
    namespace: table.namespace,
    keys,
    columns: columns.map(({ index }) => valuesOf(table, index, rows)),
    tombstones,
  };
}

function valuesOf(table: StateTable, column: number, slots: Uint32Array): unknown[] | null {
  const values: unknown[] = [];
  let present = false;
  for (const slot of slots) {
    const value = table.peek(column, slot);
    if (value !== undefined) present = true;
    values.push(value);
  }
  return present ? values : null;
}
