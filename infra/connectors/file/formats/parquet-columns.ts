import type { SchemaTree } from "hyparquet";
import { parquetRead, parquetSchema } from "hyparquet";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { DataError, MillraceError, show } from "../../../../core/errors.ts";
import { decompressors } from "./parquet-decompressors.ts";
import type { ParquetFile } from "./parquet-file.ts";
import { damaged } from "./parquet-file.ts";
import { Numbers, declaration, isDate, isDecimal, isTimestamp } from "./parquet-numbers.ts";
import { readPages } from "./parquet-pages.ts";

/** Annotations whose values are objects. */
const OBJECT_TYPES: readonly string[] = ["JSON", "VARIANT", "GEOMETRY", "GEOGRAPHY"];

/** One column of a row group in memory. */
export interface ParquetColumn {
  readonly name: string;
  /**
   * `date`: numbers are milliseconds since the epoch and become a Date of their own in each row.
   * `nested`: objects, each row its own.
   */
  readonly kind: "plain" | "date" | "nested";
  readonly values: readonly unknown[];
}

/** A row group of a file. */
export interface RowGroupPlace {
  /** Its number in the file. */
  readonly index: number;
  /** The number of its first row in the file. */
  readonly firstRow: number;
  readonly rows: number;
}

/** The names of the columns to read. A DataError names those that the file does not have. */
export function columnNames(
  file: ParquetFile,
  wanted: readonly string[] | null,
): readonly string[] {
  const present = parquetSchema(file.metadata).children.map((child) => child.element.name);
  if (wanted === null) return present;
  const unknown = wanted.filter((name) => !present.includes(name));
  if (unknown.length === 0) return wanted;
  throw new DataError(`${show(file.path)} has no column ${unknown.map(show).join(", ")}`, {
    code: "PARQUET_COLUMN_UNKNOWN",
    hint: `correct "columns" of parquet(); the file has ${present.join(", ")}`,
  });
}

/** Decodes one column of one row group. */
export async function readColumn(
  file: ParquetFile,
  group: RowGroupPlace,
  name: string,
  bigints: boolean,
): Promise<ParquetColumn> {
  const tree = parquetSchema(file.metadata);
  const node = tree.children.find((child) => child.element.name === name);
  if (node === undefined) throw damaged(file.path, `column ${name} is missing`, null);
  const kind = kindOf(node);
  const numbers = new Numbers(node.element, bigints);
  let values: readonly unknown[];
  try {
    values =
      kind === "nested"
        ? numbers.copyAll(await readNested(file, group, name))
        : await readFlat(file, group, [tree, node], numbers);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw damaged(file.path, `column ${name}, rows from ${group.firstRow}`, error);
  }
  if (values.length !== group.rows) {
    throw damaged(file.path, `column ${name} has ${values.length} of ${group.rows} values`, null);
  }
  if (numbers.refused) throw unsafe(file, group, name, values, kind);
  return { name, kind, values };
}

/** Lists, maps, structs: hyparquet puts them together. */
async function readNested(
  file: ParquetFile,
  group: RowGroupPlace,
  name: string,
): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  await parquetRead({
    file: file.bytes,
    metadata: file.metadata,
    columns: [name],
    rowStart: group.firstRow,
    rowEnd: group.firstRow + group.rows,
    compressors: decompressors,
    onChunk({ columnData }) {
      for (let at = 0; at < columnData.length; at++) values.push(columnData[at]);
    },
  });
  return values;
}

async function readFlat(
  file: ParquetFile,
  group: RowGroupPlace,
  [root, node]: readonly [SchemaTree, SchemaTree],
  numbers: Numbers,
): Promise<readonly unknown[]> {
  const chunk = file.metadata.row_groups[group.index]?.columns.find(
    ({ meta_data }) => meta_data?.path_in_schema.join() === node.path.join(),
  )?.meta_data;
  if (chunk === undefined) throw new Error("the row group does not have it");
  const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
  const bytes = await file.bytes.slice(start, start + Number(chunk.total_compressed_size));
  const element = declaration(node.element);
  return readPages(bytes, group.rows, {
    pathInSchema: node.path,
    type: chunk.type,
    codec: chunk.codec,
    element,
    schemaPath: [root, { ...node, element }],
    compressors: decompressors,
    parsers: { ...DEFAULT_PARSERS, ...numbers.parsers(isTimestamp(node.element)) },
  });
}

function kindOf(node: SchemaTree): ParquetColumn["kind"] {
  const { element, children } = node;
  const logical = element.logical_type?.type ?? "";
  if (children.length > 0 || element.repetition_type === "REPEATED") return "nested";
  if (element.converted_type === "JSON" || OBJECT_TYPES.includes(logical)) return "nested";
  if (isDecimal(element) || logical === "UUID" || logical === "FLOAT16") return "plain";
  if (isTimestamp(element) || isDate(element) || element.type === "INT96") return "date";
  return element.type === "FIXED_LEN_BYTE_ARRAY" ? "nested" : "plain";
}

function unsafe(
  file: ParquetFile,
  group: RowGroupPlace,
  name: string,
  values: readonly unknown[],
  kind: ParquetColumn["kind"],
): DataError {
  let at = 0;
  while (at < values.length - 1 && typeof values[at] !== "bigint") at++;
  const what = kind === "date" ? "no instant that a Date can hold" : "no exact JS number";
  return new DataError(`column ${name} is ${what} (got ${show(values[at])})`, {
    code: kind === "date" ? "PARQUET_INVALID_INSTANT" : "PARQUET_UNSAFE_INTEGER",
    hint:
      kind === "date"
        ? 'correct the file, or leave the column out with "columns"'
        : "read the integers as bigint with parquet({ bigint: true }), or leave the column out",
    where: { position: `row ${group.firstRow + at} of ${file.path}` },
  });
}
