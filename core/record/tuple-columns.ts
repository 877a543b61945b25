import { DataError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";

/** Fewer rows are shorter one by one: each column has a head of its own. */
const ROWS_MIN = 8;
/** More items than this are written array by array. */
const ITEMS_MAX = 64;

/**
 * The items of `values[from..to)` place by place, if all of them are plain arrays of one length:
 * accumulators, composite values. Null: they are not, or too few, or one has a hole.
 */
export function splitTuples(
  values: readonly unknown[],
  from: number,
  to: number,
): readonly (readonly unknown[])[] | null {
  const first = values[from];
  if (to - from < ROWS_MIN || !isPlainArray(first)) return null;
  const { length } = first;
  if (length === 0 || length > ITEMS_MAX) return null;
  const columns: unknown[][] = [];
  for (let place = 0; place < length; place++) columns.push([]);
  for (let row = from; row < to; row++) {
    const value = values[row];
    if (!isPlainArray(value) || value.length !== length) return null;
    for (let place = 0; place < length; place++) {
      const item = value[place];
      if (item === undefined && !(place in value)) return null;
      (columns[place] as unknown[]).push(item);
    }
  }
  return columns;
}

function isPlainArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype;
}

/** Reads what was written of `splitTuples`; `readPlace` reads one place of all rows. */
export function readTuples(
  reader: ByteReader,
  count: number,
  readPlace: () => readonly unknown[],
): unknown[] {
  const length = reader.readByte();
  if (length === 0 || length > ITEMS_MAX) throw malformed(`arrays of ${length} items`, reader);
  const columns: (readonly unknown[])[] = [];
  for (let place = 0; place < length; place++) columns.push(readPlace());
  const rows: unknown[][] = [];
  for (let row = 0; row < count; row++) {
    const items: unknown[] = [];
    for (let place = 0; place < length; place++) {
      items.push((columns[place] as readonly unknown[])[row]);
    }
    rows.push(items);
  }
  return rows;
}

function malformed(what: string, reader: ByteReader): DataError {
  return new DataError(
    `a column of arrays is malformed before offset ${reader.position}: ${what}`,
    {
      code: "RECORD_TUPLES",
      hint: "the bytes are damaged or written by a newer Millrace",
    },
  );
}
