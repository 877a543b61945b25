import { keyGroup } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import type { StateTable } from "./state-table.ts";

/** The rows of one key group in the arrays of `TableRows`. */
export interface RowRange {
  readonly group: number;
  readonly from: number;
  readonly to: number;
  readonly tombstones: readonly KeyIdentity[];
}

/** Rows of a table in the order of key groups, column by column. */
export interface TableRows {
  readonly table: StateTable;
  readonly keys: readonly KeyIdentity[];
  /** By the column's place in the list that was asked for; null when no row has a value. */
  readonly columns: readonly (readonly unknown[] | null)[];
  /** Ascending by group; groups without rows and tombstones are left out. */
  readonly ranges: readonly RowRange[];
}

const NO_KEYS: readonly KeyIdentity[] = [];

/**
 * Sorts the rows of a table by key group with a counting sort that moves keys and values, not slot
 * numbers: with a million keys, reading in the order of slots and writing to as many places as
 * there are groups is several times faster than reading in the order of groups (`bench/`, keyed
 * state of 1,000,000 keys).
 */
export function gatherRows(
  table: StateTable,
  slots: readonly number[],
  columns: readonly number[],
  maxParallelism: number,
): TableRows {
  const compute = (identity: KeyIdentity): number => keyGroup(identity, maxParallelism);
  const next = new Uint32Array(maxParallelism);
  const removed = new Map<number, KeyIdentity[]>();
  let live = 0;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as number;
    const group = table.keyGroup(slot, compute);
    if (table.isLive(slot)) {
      next[group] = (next[group] as number) + 1;
      live += 1;
    } else addTombstone(removed, group, table.identity(slot));
  }
  const ranges = rangesOf(next, removed);
  const places = new Uint32Array(slots.length);
  const keys = new Array<KeyIdentity>(live);
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as number;
    if (!table.isLive(slot)) continue;
    const group = table.keyGroup(slot, compute);
    const place = next[group] as number;
    next[group] = place + 1;
    places[i] = place;
    keys[place] = table.identity(slot);
  }
  return {
    table,
    keys,
    columns: columns.map((column) => valuesOf(table, column, slots, places, live)),
    ranges,
  };
}

/** Turns the counts in `next` into each group's first place. */
function rangesOf(
  next: Uint32Array,
  removed: ReadonlyMap<number, readonly KeyIdentity[]>,
): RowRange[] {
  const ranges: RowRange[] = [];
  let from = 0;
  for (let group = 0; group < next.length; group++) {
    const to = from + (next[group] as number);
    next[group] = from;
    const tombstones = removed.get(group) ?? NO_KEYS;
    if (to > from || tombstones.length > 0) ranges.push({ group, from, to, tombstones });
    from = to;
  }
  return ranges;
}

function valuesOf(
  table: StateTable,
  column: number,
  slots: readonly number[],
  places: Uint32Array,
  live: number,
): readonly unknown[] | null {
  const values = new Array<unknown>(live);
  let present = false;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as number;
    if (!table.isLive(slot)) continue;
    const value = table.peek(column, slot);
    if (value !== undefined) present = true;
    values[places[i] as number] = value;
  }
  return present ? values : null;
}

function addTombstone(
  removed: Map<number, KeyIdentity[]>,
  group: number,
  identity: KeyIdentity,
): void {
  const keys = removed.get(group);
  if (keys === undefined) removed.set(group, [identity]);
  else keys.push(identity);
}
