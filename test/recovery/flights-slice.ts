import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetWriteBuffer } from "hyparquet-writer";

export interface Flight {
  readonly date: Date;
  readonly delay: number;
  readonly origin: string;
}

const inProject = (path: string): string =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The whole file: three million flights in 11 row groups. */
export const allFlights: string = inProject("node_modules/vega-datasets/data/flights-3m.parquet");

const ROWS = 60_000;
const ROW_GROUP = 1_000;

/**
 * The first 60,000 flights in 60 row groups: six days, of whose flights thousands are more than 12
 * hours late. Made once and kept.
 */
export async function flightsSlice(): Promise<string> {
  const path = inProject(`node_modules/.cache/millrace-test/flights-${ROWS}-${ROW_GROUP}.parquet`);
  if (existsSync(path)) return path;
  const kept = await readFlights(allFlights, ROWS);
  mkdirSync(dirname(path), { recursive: true });
  const draft = join(dirname(path), `draft-${process.pid}`);
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: "date", data: kept.map(({ date }) => date), type: "TIMESTAMP" },
      { name: "delay", data: kept.map(({ delay }) => delay), type: "INT32" },
      { name: "origin", data: kept.map(({ origin }) => origin), type: "STRING" },
    ],
    rowGroupSize: ROW_GROUP,
  });
  writeFileSync(draft, new Uint8Array(bytes));
  renameSync(draft, path);
  return path;
}

/** The first `count` flights of a file, or all, read without the engine. */
export async function readFlights(path: string, count?: number): Promise<readonly Flight[]> {
  const rows = await parquetReadObjects({
    file: await asyncBufferFromFile(path),
    compressors,
    columns: ["date", "delay", "origin"],
    ...(count === undefined ? {} : { rowStart: 0, rowEnd: count }),
  });
  return rows.map((row) => ({
    date: row["date"] as Date,
    delay: Number(row["delay"]),
    origin: String(row["origin"]),
  }));
}
