import type {
  DecodedArray,
  FileMetaData,
  ParquetParsers,
  SchemaElement,
  SchemaTree,
} from "hyparquet";
import { parquetRead, parquetSchema } from "hyparquet";
import { DataError, MillraceError, show } from "../../../../core/errors.ts";
import { decompressors } from "./parquet-decompressors.ts";
import type { ParquetFile } from "./parquet-file.ts";
import { damaged } from "./parquet-file.ts";

const MS_PER_DAY = 86_400_000;
/** The greatest distance of a Date from 1970. */
const DATE_MS_MAX = 8.64e15;
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
  readonly values: ArrayLike<unknown>;
}

/** A row group of a file. */
export interface RowGroupPlace {
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
  const node = parquetSchema(file.metadata).children.find((child) => child.element.name === name);
  if (node === undefined) throw damaged(file.path, `column ${name} is missing`, null);
  const kind = kindOf(node);
  const numbers = new Numbers(node.element, bigints);
  const chunks: DecodedArray[] = [];
  try {
    await parquetRead({
      file: file.bytes,
      metadata: declare(file, node.element),
      columns: [name],
      rowStart: group.firstRow,
      rowEnd: group.firstRow + group.rows,
      compressors: decompressors,
      ...(kind === "nested" ? {} : { parsers: numbers.parsers(isTimestamp(node.element)) }),
      onChunk: (chunk) => chunks.push(chunk.columnData),
    });
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw damaged(file.path, `column ${name}, rows from ${group.firstRow}`, error);
  }
  const joined = join(chunks);
  const values = kind === "nested" ? numbers.copyAll(joined) : joined;
  if (values.length !== group.rows) {
    throw damaged(file.path, `column ${name} has ${values.length} of ${group.rows} values`, null);
  }
  if (numbers.refused) throw unsafe(file, group, name, values, kind);
  return { name, kind, values };
}

/**
 * Makes hyparquet answer numbers where it would answer a bigint or a Date for every value of a
 * flat column: its parsers run once per entry of a dictionary, not once per row.
 */
class Numbers {
  /** Some value has no exact number, or no Date, and was left a bigint. */
  refused = false;
  readonly #bigints: boolean;
  readonly #unsigned: boolean;

  constructor(element: SchemaElement, bigints: boolean) {
    this.#bigints = bigints;
    this.#unsigned = isUnsigned64(element);
  }

  /** `isInstant`: whether the column really holds milliseconds, or integers in their disguise. */
  parsers(isInstant: boolean): Partial<ParquetParsers> {
    return {
      timestampFromMilliseconds: (value) =>
        isInstant ? this.#instant(value, 1n) : this.#integer(value),
      timestampFromMicroseconds: (value) => this.#instant(value, 1_000n),
      timestampFromNanoseconds: (value) => this.#instant(value, 1_000_000n),
      dateFromDays: (days) => days * MS_PER_DAY,
    };
  }

  /** Objects of rows that share an entry of a dictionary must not be the same object. */
  copyAll(values: ArrayLike<unknown>): unknown[] {
    const copies: unknown[] = [];
    for (let at = 0; at < values.length; at++) copies.push(this.#copy(values[at]));
    return copies;
  }

  #copy(value: unknown): unknown {
    if (typeof value === "bigint") return this.#integer(value);
    if (value === undefined) return null;
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Date) return new Date(value);
    if (value instanceof Uint8Array) return value.slice();
    if (Array.isArray(value)) return this.copyAll(value);
    const entries = Object.entries(value).map(([key, inner]) => [key, this.#copy(inner)] as const);
    return Object.fromEntries(entries);
  }

  #integer(raw: bigint): number | bigint {
    const value = this.#unsigned ? BigInt.asUintN(64, raw) : raw;
    if (this.#bigints) return value;
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    this.refused = true;
    return value;
  }

  /** Whole milliseconds, rounded down (so also before 1970). */
  #instant(value: bigint, perMs: bigint): number | bigint {
    const ms = Number((value - (((value % perMs) + perMs) % perMs)) / perMs);
    if (Math.abs(ms) <= DATE_MS_MAX) return ms;
    this.refused = true;
    return value;
  }
}

/** The footer with the column declared in the way in which hyparquet gives its values to a parser. */
function declare(file: ParquetFile, element: SchemaElement): FileMetaData {
  const declared = declaration(element);
  const schema = file.metadata.schema.map((each) => (each === element ? declared : each));
  return { ...file.metadata, schema };
}

/** 64-bit integers as milliseconds; types that have a new annotation only with the old one too. */
function declaration(element: SchemaElement): SchemaElement {
  const { converted_type: converted, ...rest } = element;
  const logical = element.logical_type;
  if (isInteger64(element)) {
    return { ...rest, logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" } };
  }
  if (converted === undefined && logical?.type === "DATE") {
    return { ...rest, converted_type: "DATE" };
  }
  if (converted === undefined && logical?.type === "DECIMAL") {
    return { ...rest, converted_type: "DECIMAL", scale: logical.scale };
  }
  return element;
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

function isTimestamp({ converted_type, logical_type }: SchemaElement): boolean {
  const old = converted_type === "TIMESTAMP_MILLIS" || converted_type === "TIMESTAMP_MICROS";
  return old || logical_type?.type === "TIMESTAMP";
}

function isDate({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === "DATE" || logical_type?.type === "DATE";
}

function isDecimal({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === "DECIMAL" || logical_type?.type === "DECIMAL";
}

function isInteger64(element: SchemaElement): boolean {
  return element.type === "INT64" && !isTimestamp(element) && !isDecimal(element);
}

function isUnsigned64({ converted_type, logical_type }: SchemaElement): boolean {
  if (converted_type === "UINT_64") return true;
  return logical_type?.type === "INTEGER" && logical_type.bitWidth === 64 && !logical_type.isSigned;
}

/** One array of all chunks; the usual case is one chunk. */
function join(chunks: readonly DecodedArray[]): ArrayLike<unknown> {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const values: unknown[] = [];
  for (const chunk of chunks) for (let at = 0; at < chunk.length; at++) values.push(chunk[at]);
  return values;
}

function unsafe(
  file: ParquetFile,
  group: RowGroupPlace,
  name: string,
  values: ArrayLike<unknown>,
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
