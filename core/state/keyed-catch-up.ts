import { assert } from "../assert.ts";
import type { KeyedFileFooter } from "./keyed-file.ts";
import { unpackKeyedFiles } from "./keyed-pack.ts";
import { type LoadedRow, loadNamespaceTimers, openFile, targetOf } from "./keyed-restore.ts";
import { type KeyGroupsOwned, hasChanges } from "./keyed-snapshot.ts";
import type { KeyedTables, SlotTimers } from "./keyed-tables.ts";
import type { StateTable } from "./state-table.ts";

/**
 * Brings tables from the version they are at to a later one of the same subtask, with the segments
 * that were written in between: it costs what changed, not what there is.
 *
 *   CT1  the segments follow each other up to the later version; some may be in the tables already
 *   CT2  afterwards nothing counts as changed, and the timer index knows every timer
 */
export function catchUpKeyed(
  tables: KeyedTables,
  segments: readonly Uint8Array[],
  owned: KeyGroupsOwned,
): void {
  assert(!hasChanges(tables), "CT1: tables go on from a committed version");
  const files = segments.flatMap((each) => unpackKeyedFiles(each));
  const before = new Map<StateTable, Map<number, SlotTimers>>();
  const seen: LoadedRow = (table, slot) => {
    const slots = before.get(table) ?? new Map<number, SlotTimers>();
    before.set(table, slots);
    if (!slots.has(slot)) slots.set(slot, tables.timersOf(table, slot));
  };
  let newest: KeyedFileFooter | null = null;
  for (const file of files) {
    const { footer, load } = openFile(file, owned);
    const targets = footer.columns.map((column) => targetOf(tables, column));
    assert(
      targets.every(({ migrate }) => migrate === null),
      "CT1: one plan has one schema version",
    );
    newest = footer;
    for (const namespace of footer.dropped) tables.dropNamespace(namespace);
    // What is written whole says nothing that the segments before it did not say.
    if (footer.whole !== undefined) continue;
    load(tables, targets, seen);
  }
  if (newest === null) return;
  for (const timers of tables.timers) timers.clear();
  loadNamespaceTimers(tables, newest);
  for (const [table, slots] of before) {
    if (table.dropped) continue;
    for (const [slot, timers] of slots) tables.announceNew(table, slot, timers);
  }
  for (const table of tables.all()) table.snapshotTaken(false);
  tables.droppedPersisted();
}
