import type { ChunkReader } from "../../../../core/connector/index.ts";
import { StorageError, UsageError, show } from "../../../../core/errors.ts";
import type { BlockFormat, FileRange, FileSplit } from "../file-format.ts";
import type { ParquetColumn, RowGroupPlace } from "./parquet-columns.ts";
import { columnNames, readColumn } from "./parquet-columns.ts";
import type { ParquetFile } from "./parquet-file.ts";
import { openParquet } from "./parquet-file.ts";
import { RowChunk, RowEmitters } from "./parquet-rows.ts";

export interface ParquetOptions {
  /** The columns to read, by name; the others are not even read from disk. All by default. */
  readonly columns?: readonly string[];
  /** Reads 64-bit integers as bigint. By default as number, and one that is not exact is an error. */
  readonly bigint?: boolean;
}

/**
 * Parquet files, one row group a split, one plain object a row, missing values as null. Timestamps
 * and dates become a Date (whole milliseconds, rounded down; a local time counts as UTC), strings
 * and byte arrays without annotation a string, decimals a number. The type of the rows is taken on
 * trust.
 *
 * @example fileSource({ path: "flights.parquet", format: parquet<Flight>({ columns: ["date", "delay"] }) });
 */
export function parquet<T = Record<string, unknown>>(options: ParquetOptions = {}): BlockFormat<T> {
  const { columns = null, bigint = false } = options;
  if (columns !== null && (columns.length === 0 || new Set(columns).size < columns.length)) {
    throw new UsageError(`parquet: "columns" cannot be used (got ${show(columns)})`, {
      code: "USAGE_PARQUET_COLUMNS",
      hint: "name at least one column and each only once, or leave it out to read all",
    });
  }
  const reading: Reading = { columns, bigint, emitters: new RowEmitters() };
  return {
    kind: "blocks",
    describe: columns === null ? "parquet" : `parquet(${columns.join(", ")})`,
    plan: (path) => planRowGroups(path, columns),
    open: async (split) => new RowGroupReader(await openParquet(split.path), split, reading),
  };
}

/** What the readers of one `parquet()` share. */
interface Reading {
  readonly columns: readonly string[] | null;
  readonly bigint: boolean;
  readonly emitters: RowEmitters;
}

async function planRowGroups(
  path: string,
  columns: readonly string[] | null,
): Promise<readonly FileRange[]> {
  const file = await openParquet(path);
  try {
    columnNames(file, columns);
    return file.metadata.row_groups.map((group, at) => ({
      start: at,
      end: at + 1,
      records: Number(group.num_rows),
    }));
  } finally {
    await file.close();
  }
}

/** A row group is one chunk: it is decoded whole, then emitted row by row. */
class RowGroupReader<T> implements ChunkReader<T> {
  readonly #file: ParquetFile;
  readonly #split: FileSplit;
  readonly #reading: Reading;
  #done = false;

  constructor(file: ParquetFile, split: FileSplit, reading: Reading) {
    this.#file = file;
    this.#split = split;
    this.#reading = reading;
  }

  async next(): Promise<RowChunk<T> | null> {
    if (this.#done) return null;
    this.#done = true;
    const group = rowGroup(this.#file, this.#split.start);
    const columns: ParquetColumn[] = [];
    for (const name of columnNames(this.#file, this.#reading.columns)) {
      columns.push(await readColumn(this.#file, group, name, this.#reading.bigint));
    }
    const emit = this.#reading.emitters.of(columns);
    return new RowChunk<T>(columns, emit, group.rows, this.#split.start);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function rowGroup(file: ParquetFile, at: number): RowGroupPlace {
  let firstRow = 0;
  for (const [index, group] of file.metadata.row_groups.entries()) {
    const rows = Number(group.num_rows);
    if (index === at) return { index, firstRow, rows };
    firstRow += rows;
  }
  throw new StorageError(`${show(file.path)} has no row group ${at} any more`, {
    code: "FILE_CHANGED",
    hint: "do not change input files while the job runs; start afresh",
  });
}
