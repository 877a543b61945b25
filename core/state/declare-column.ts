import type { Column } from "./columns.ts";
import {
  accessName,
  checkKind,
  checkStateName,
  declaredVersion,
  duplicateState,
  migration,
} from "./columns.ts";
import type { StateDescriptor } from "./descriptor.ts";
import type { KeyedTables } from "./keyed-tables.ts";

/**
 * The column of a descriptor: the one it has already, one that was restored under its name and is
 * now claimed (migrated if need be), or a new one.
 */
export function declareColumn(tables: KeyedTables, descriptor: StateDescriptor): Column {
  checkStateName(descriptor.name);
  const known = tables.columns.find(descriptor.name);
  if (known?.descriptor === descriptor) return known;
  if (known !== null && known.descriptor !== null) throw duplicateState(descriptor.name);
  const version = declaredVersion(descriptor);
  const column = known ?? tables.addColumn(descriptor.name, descriptor.kind, version);
  if (known !== null) claim(tables, known, descriptor);
  column.descriptor = descriptor;
  column.discarded = false;
  column.version = version;
  column.access = accessColumn(tables, descriptor);
  return column;
}

function claim(tables: KeyedTables, column: Column, descriptor: StateDescriptor): void {
  checkKind(column.name, column.kind, descriptor.kind);
  const migrate = migration(descriptor, column.version);
  if (migrate === null) return;
  for (const table of tables.all()) {
    for (const slot of table.liveSlots()) {
      const value = table.peek(column.index, slot);
      if (value !== undefined) table.set(column.index, slot, migrate(value));
    }
  }
}

/** With TTL the last accesses stand in a hidden column beside; without, restored ones go. */
function accessColumn(tables: KeyedTables, descriptor: StateDescriptor): number {
  const name = accessName(descriptor.name);
  const known = tables.columns.find(name);
  if (descriptor.ttl !== undefined) {
    const column = known ?? tables.addColumn(name, "access", 1);
    column.discarded = false;
    return column.index;
  }
  if (known !== null) clearColumn(tables, known.index);
  return -1;
}

/** Gives up restored state that nobody declares. */
export function discardColumn(tables: KeyedTables, column: Column): void {
  clearColumn(tables, column.index);
  column.discarded = true;
  const access = tables.columns.find(accessName(column.name));
  if (access === null) return;
  clearColumn(tables, access.index);
  access.discarded = true;
}

function clearColumn(tables: KeyedTables, column: number): void {
  for (const table of tables.all()) {
    for (const slot of table.liveSlots()) table.remove(column, slot);
  }
}
