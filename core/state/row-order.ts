import { keyGroup } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import type { StateTable } from "./state-table.ts";

/** The rows of several tables in the order of key groups; within a group table by table. */
export interface RowOrder {
  /** Row indexes of group g are starts[g] to starts[g + 1] - 1. */
  readonly starts: Uint32Array;
  /** Index of each row's table. */
  readonly tables: Uint32Array;
  readonly slots: Uint32Array;
}

/** Sorts rows by key group with a counting sort: two passes, whatever the number of groups. */
export function orderByKeyGroup(
  tables: readonly StateTable[],
  slotsOf: readonly (readonly number[])[],
  maxParallelism: number,
): RowOrder {
  const compute = (identity: KeyIdentity): number => keyGroup(identity, maxParallelism);
  const starts = new Uint32Array(maxParallelism + 1);
  tables.forEach((table, index) => {
    for (const slot of slotsOf[index] ?? []) {
      const next = table.keyGroup(slot, compute) + 1;
      starts[next] = (starts[next] as number) + 1;
    }
  });
  for (let group = 0; group < maxParallelism; group++) {
    starts[group + 1] = (starts[group + 1] as number) + (starts[group] as number);
  }
  return { starts, ...place(tables, slotsOf, starts.slice(), compute) };
}

function place(
  tables: readonly StateTable[],
  slotsOf: readonly (readonly number[])[],
  next: Uint32Array,
  compute: (identity: KeyIdentity) => number,
): { tables: Uint32Array; slots: Uint32Array } {
  const rows = next[next.length - 1] as number;
  const rowTables = new Uint32Array(rows);
  const rowSlots = new Uint32Array(rows);
  tables.forEach((table, index) => {
    for (const slot of slotsOf[index] ?? []) {
      const group = table.keyGroup(slot, compute);
      const row = next[group] as number;
      next[group] = row + 1;
      rowTables[row] = index;
      rowSlots[row] = slot;
    }
  });
  return { tables: rowTables, slots: rowSlots };
}
