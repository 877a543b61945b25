import { DataError } from "../errors.ts";
import type { ByteReader, ByteWriter } from "../record/index.ts";
import { decodeColumn, decodeValue, encodeColumn, encodeValue } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import type { Namespace } from "./state-table.ts";

/** Rows of one namespace and key group, column by column. */
export interface KeyedBlock {
  readonly namespace: Namespace;
  readonly keys: readonly KeyIdentity[];
  /** By the column's place in the file's list; null when no row has a value. */
  readonly columns: readonly (readonly unknown[] | null)[];
  /** Keys that were removed. */
  readonly tombstones: readonly KeyIdentity[];
}

/** Writes a block; `names` are the columns' names, for errors about values. */
export function writeBlock(block: KeyedBlock, names: readonly string[], writer: ByteWriter): void {
  encodeValue(block.namespace, writer);
  encodeColumn(block.keys, writer);
  encodeColumn(block.tombstones, writer);
  let present = 0;
  for (const values of block.columns) if (values !== null) present++;
  writer.writeVarint(present);
  block.columns.forEach((values, index) => {
    if (values === null) return;
    writer.writeVarint(index);
    encodeColumn(values, writer, 0, values.length, `state ${names[index] ?? ""}`);
  });
}

/** Reads a block of a file with `columnCount` columns; damaged ones are a DataError. */
export function readBlock(reader: ByteReader, columnCount: number): KeyedBlock {
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
