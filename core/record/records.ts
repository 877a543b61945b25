import { assert } from "../assert.ts";
import { DataError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { decodeColumn, encodeColumn } from "./column.ts";
import { checkFieldName } from "./value-decoder.ts";

export interface DecodedRecords {
  readonly values: unknown[];
  readonly timestamps: number[];
}

/** The first byte of a batch. Persisted. */
const layouts = { values: 0, fields: 1 } as const;

/** More fields than this are written record by record. */
const FIELDS_MAX = 1_024;

/**
 * Writes a batch with its timestamps (`timestamps[i]` belongs to `values[i]`). Plain objects that
 * all have the same fields in the same order are written field by field, anything else as one
 * column of values.
 */
export function encodeRecords(
  values: readonly unknown[],
  timestamps: readonly number[],
  writer: ByteWriter,
): void {
  assert(values.length === timestamps.length, "a batch has one timestamp per value");
  encodeColumn(timestamps, writer);
  const names = fieldNames(values);
  const columns = names === null ? null : splitFields(values, names);
  if (names === null || columns === null) {
    writer.writeByte(layouts.values);
    return encodeColumn(values, writer);
  }
  writer.writeByte(layouts.fields);
  writer.writeVarint(names.length);
  for (let f = 0; f < names.length; f++) {
    const name = names[f] as string;
    writer.writeString(name);
    encodeColumn(columns[f] as unknown[], writer, 0, values.length, `value.${name}`);
  }
}

/** Reads what `encodeRecords` wrote; more than `countMax` records are a LimitError. */
export function decodeRecords(
  reader: ByteReader,
  countMax: number = limits.valueEntriesMax,
): DecodedRecords {
  const timestamps = decodeColumn(reader, countMax);
  if (!timestamps.every(Number.isSafeInteger)) throw malformed("a timestamp is no integer", reader);
  const layout = reader.readByte();
  if (layout > layouts.fields) throw malformed(`unknown layout ${layout}`, reader);
  const count = timestamps.length;
  const values =
    layout === layouts.fields ? readFields(reader, count) : decodeColumn(reader, count);
  if (values.length !== count)
    throw malformed(`${values.length} values for ${count} timestamps`, reader);
  return { values, timestamps: timestamps as number[] }; // checked above
}

/** The fields of the first record if it is a plain object that can lead a batch, else null. */
function fieldNames(values: readonly unknown[]): readonly string[] | null {
  const first = values[0];
  if (typeof first !== "object" || first === null) return null;
  if (Object.getPrototypeOf(first) !== Object.prototype) return null;
  const names = Object.keys(first);
  if (names.length === 0 || names.length > FIELDS_MAX || names.includes("__proto__")) return null;
  return names;
}

/** A column per name, or null if a record has other fields. `for in` reads by V8's enum cache. */
function splitFields(values: readonly unknown[], names: readonly string[]): unknown[][] | null {
  const count = values.length;
  const columns = names.map(() => new Array<unknown>(count));
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== "object" || value === null) return null;
    if (Object.getPrototypeOf(value) !== Object.prototype) return null;
    if (!splitRecord(value as Record<string, unknown>, names, columns, i)) return null; // plain by its prototype
  }
  return columns;
}

function splitRecord(
  record: Record<string, unknown>,
  names: readonly string[],
  columns: readonly unknown[][],
  row: number,
): boolean {
  let field = 0;
  for (const name in record) {
    if (name !== names[field]) return false;
    (columns[field] as unknown[])[row] = record[name];
    field += 1;
  }
  return field === names.length;
}

function readFields(reader: ByteReader, count: number): unknown[] {
  const fields = reader.readCount("a batch's fields", 2);
  const names = new Array<string>(fields);
  const columns = new Array<readonly unknown[]>(fields);
  for (let f = 0; f < fields; f++) {
    const name = reader.readString();
    checkFieldName(name, reader);
    const column = decodeColumn(reader, count);
    if (column.length !== count)
      throw malformed(`field ${name} has ${column.length} values for ${count} records`, reader);
    names[f] = name;
    columns[f] = column;
  }
  return joinFields(names, columns, count);
}

function joinFields(
  names: readonly string[],
  columns: readonly (readonly unknown[])[],
  count: number,
): unknown[] {
  const values = new Array<unknown>(count);
  for (let i = 0; i < count; i++) {
    const record: Record<string, unknown> = {};
    for (let f = 0; f < names.length; f++) {
      record[names[f] as string] = (columns[f] as readonly unknown[])[i];
    }
    values[i] = record;
  }
  return values;
}

function malformed(what: string, reader: ByteReader): DataError {
  return new DataError(`a batch is malformed before offset ${reader.position}: ${what}`, {
    code: "RECORD_BATCH",
    hint: "the bytes are damaged or written by a newer Millrace",
  });
}
