import { DataError } from "../errors.ts";
import type { ByteReader, ByteWriter } from "../record/index.ts";
import { decodeColumn, decodeValue, encodeColumn, encodeValue } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import type { Namespace } from "./state-table.ts";
import type { TableRows } from "./table-rows.ts";

/** Rows of one namespace and key group, to be written. */
export interface KeyedBlock {
  readonly namespace: Namespace;
  readonly rows: Pick<TableRows, "keys" | "columns">;
  /** The block's part of `rows`. */
  readonly from: number;
  readonly to: number;
  /** Keys that were removed. */
  readonly tombstones: readonly KeyIdentity[];
}

/** A block as it was read, column by column. */
export interface ReadBlock {
  readonly namespace: Namespace;
  readonly keys: readonly KeyIdentity[];
  /** By the column's place in the file's list; null when no row has a value. */
  readonly columns: readonly (readonly unknown[] | null)[];
  readonly tombstones: readonly KeyIdentity[];
}

/** Writes a block; `columns` are those of its rows, whose names stand in errors about values. */
export function writeBlock(
  block: KeyedBlock,
  columns: readonly { readonly name: string }[],
  writer: ByteWriter,
): void {
  const { rows, from, to } = block;
  encodeValue(block.namespace, writer);
  encodeColumn(rows.keys, writer, from, to);
  encodeColumn(block.tombstones, writer);
  let present = 0;
  for (const values of rows.columns) if (hasValue(values, from, to)) present += 1;
  writer.writeVarint(present);
  for (let index = 0; index < rows.columns.length; index++) {
    const values = rows.columns[index] ?? null;
    if (values === null || !hasValue(values, from, to)) continue;
    writer.writeVarint(index);
    encodeColumn(values, writer, from, to, `state ${columns[index]?.name ?? ""}`);
  }
}

function hasValue(values: readonly unknown[] | null, from: number, to: number): boolean {
  if (values === null) return false;
  for (let i = from; i < to; i++) if (values[i] !== undefined) return true;
  return false;
}

/** Reads a block of a file with `columnCount` columns; damaged ones are a DataError. */
export function readBlock(reader: ByteReader, columnCount: number): ReadBlock {
  const namespace = decodeValue(reader);
  if (!isNamespace(namespace)) throw damaged("a namespace is neither text nor number", reader);
  const keys = readKeys(reader);
  const tombstones = readKeys(reader);
  const columns = new Array<readonly unknown[] | null>(columnCount).fill(null);
  for (let present = reader.readCount("columns"); present > 0; present--) {
    const index = reader.readVarint();
    if (index >= columnCount) throw damaged(`column ${index} of ${columnCount}`, reader);
    const values = decodeColumn(reader, keys.length);
    if (values.length !== keys.length) throw damaged("a column misses rows", reader);
    columns[index] = values;
  }
  return { namespace, keys, columns, tombstones };
}

function readKeys(reader: ByteReader): KeyIdentity[] {
  const keys = decodeColumn(reader);
  for (const key of keys) if (!isIdentity(key)) throw damaged("a key is no key", reader);
  return keys as KeyIdentity[]; // checked in the line above
}

function isIdentity(key: unknown): key is KeyIdentity {
  const type = typeof key;
  return type === "string" || type === "number" || type === "bigint" || type === "boolean";
}

function isNamespace(value: unknown): value is Namespace {
  return value === null || typeof value === "string" || typeof value === "number";
}

export function damaged(what: string, reader: ByteReader): DataError {
  return new DataError(`keyed state: ${what} at offset ${reader.position}`, {
    code: "STATE_FILE_DAMAGED",
    hint: "restore from another checkpoint",
  });
}
