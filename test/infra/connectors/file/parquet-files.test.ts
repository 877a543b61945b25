import { readFileSync } from "node:fs";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { fileSource } from "../../../../infra/connectors/file/file-source.ts";
import type { ParquetOptions } from "../../../../infra/connectors/file/formats/parquet.ts";
import { parquet } from "../../../../infra/connectors/file/formats/parquet.ts";
import type { SourceHarness } from "../../../core/connector/source-harness.ts";
import { runCut, runSource } from "../../../core/connector/source-harness.ts";
import { temporaryFolder } from "./temporary-folder.ts";

type Row = Record<string, unknown>;
/** A name, a file with the column `v`, the values it should give, options. */
type ValueCase = readonly [string, WriteOptions, readonly unknown[], ParquetOptions?];
type WriteOptions = Parameters<typeof parquetWriteBuffer>[0];

const FLIGHTS = "node_modules/vega-datasets/data/flights-3m.parquet";
const folder = temporaryFolder();
let files = 0;

function write(options: WriteOptions): string {
  return folder.write(`${files++}.parquet`, new Uint8Array(parquetWriteBuffer(options)));
}

function read(path: string, options: ParquetOptions = {}): Promise<SourceHarness<Row>> {
  return runSource(fileSource({ path, format: parquet<Row>(options) }));
}

function source(path: string, options: ParquetOptions = {}): ReturnType<typeof fileSource<Row>> {
  return fileSource({ path, format: parquet<Row>(options) });
}

describe("the file of three million flights", () => {
  test("gives its 11 row groups, with rows as another engine reads them", async () => {
    const columns = ["date", "delay", "origin"];
    const sizes = new Map<string, number>();
    const origins = new Set<unknown>();
    let late = 0;
    const onRecord = (row: Row, split: string): void => {
      sizes.set(split, (sizes.get(split) ?? 0) + 1);
      origins.add(row["origin"]);
      if ((row["delay"] as number) > 15) late++;
    };
    const run = await runSource(source(FLIGHTS, { columns }), { onRecord, recordsMax: 100_000 });
    expect([...sizes.keys()]).toEqual(run.assigned);
    expect([...sizes.values()]).toEqual([...Array<number>(10).fill(272_727), 272_730]);
    expect(late).toBe(599_055);
    expect(origins.size).toBe(229);
  });

  test("gives the rows that hyparquet gives by itself, across row groups", async () => {
    const columns = ["origin", "delay", "date"];
    const run = await runSource(source(FLIGHTS, { columns }), { stopAfter: 272_750 });
    const plain = await readPlainly(columns, 272_700, 272_750);
    expect(run.values.slice(272_700)).toEqual(plain);
  });
});

describe("a Parquet file", () => {
  const count = 1_000;
  const ids = Array.from({ length: count }, (_, at) => at);
  const path = write({
    columnData: [
      { name: "id", data: ids, type: "INT32" },
      { name: "group", data: ids.map((id) => `g${id % 7}`), type: "STRING" },
    ],
    rowGroupSize: 300,
  });

  test("is read row group by row group, by several readers", async () => {
    const run = await runSource(source(path), { parallelism: 3, recordsMax: 7 });
    expect(run.assigned).toEqual([0, 1, 2, 3].map((group) => `${path}#${group}`));
    const rows = run.values.sort((left, right) => Number(left["id"]) - Number(right["id"]));
    expect(rows).toEqual(ids.map((id) => ({ id, group: `g${id % 7}` })));
  });

  test.each([0, 1, 299, 300, 301, 650, 999, 1_000])("goes on after %i rows", async (at) => {
    const { first, rest } = await runCut(() => source(path), at, { recordsMax: 64 }, {});
    expect([...first.values, ...rest.values].map((row) => row["id"])).toEqual(ids);
    expect(first.values).toHaveLength(at);
    expect(first.done).toBeCloseTo(at / count);
    expect(rest.done).toBe(1);
  });

  test("gives the columns asked for, in that order, and reads no others", async () => {
    const run = await read(path, { columns: ["group"] });
    expect(run.values[8]).toEqual({ group: "g1" });
    const both = await read(path, { columns: ["group", "id"] });
    expect(Object.keys(both.values[0] ?? {})).toEqual(["group", "id"]);
  });

  test("without rows is fine", async () => {
    const empty = write({ columnData: [{ name: "id", data: [], type: "INT32" }] });
    expect((await read(empty)).values).toEqual([]);
  });
});

describe("values of a Parquet file", () => {
  const bytes = new Uint8Array([1, 2, 255]);
  const day = new Date("1969-12-31T00:00:00.000Z");
  const instant = new Date("2024-02-29T12:34:56.789Z");
  const required = { repetition_type: "REQUIRED" as const };
  const cases: readonly ValueCase[] = [
    ["INT32", one({ data: [1, -2, null], type: "INT32" }), [1, -2, null]],
    ["INT64", one({ data: [1n, -2n, null], type: "INT64" }), [1, -2, null]],
    [
      "INT64 at the limits of exact numbers",
      one({ data: [9_007_199_254_740_991n, -9_007_199_254_740_991n, 0n], type: "INT64" }),
      [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0],
    ],
    ["UINT_64", schema([5n], { type: "INT64", converted_type: "UINT_64", ...required }), [5]],
    [
      "UINT_64 with its highest bit",
      schema([2n ** 63n], { type: "INT64", converted_type: "UINT_64", ...required }),
      [2n ** 63n],
      { bigint: true },
    ],
    ["DOUBLE", one({ data: [1.5, -0, NaN, null], type: "DOUBLE" }), [1.5, -0, NaN, null]],
    ["FLOAT", one({ data: [1.5, null], type: "FLOAT" }), [1.5, null]],
    ["BOOLEAN", one({ data: [true, false, null], type: "BOOLEAN" }), [true, false, null]],
    ["STRING", one({ data: ["é😀", "", null], type: "STRING" }), ["é😀", "", null]],
    ["TIMESTAMP", one({ data: [instant, null], type: "TIMESTAMP" }), [instant, null]],
    [
      "TIMESTAMP_MICROS, rounded down",
      schema([1_999n, -1n, -1_000n], {
        type: "INT64",
        converted_type: "TIMESTAMP_MICROS",
        ...required,
      }),
      [new Date(1), new Date(-1), new Date(-1)],
    ],
    ["DATE", schema([day], { type: "INT32", converted_type: "DATE", ...required }), [day]],
    ["JSON", one({ data: [{ a: [1, null] }, null], type: "JSON" }), [{ a: [1, null] }, null]],
    [
      "DECIMAL",
      schema([12.5], {
        type: "INT32",
        converted_type: "DECIMAL",
        scale: 2,
        precision: 4,
        ...required,
      }),
      [12.5],
    ],
    [
      "FIXED_LEN_BYTE_ARRAY",
      schema([bytes], { type: "FIXED_LEN_BYTE_ARRAY", type_length: 3, ...required }),
      [bytes],
    ],
  ];

  for (const [name, file, expected, options] of cases) {
    test(name, async () => {
      expect((await read(write(file), options)).values).toEqual(
        expected.map((value) => ({ v: value })),
      );
    });
  }

  const encodings = ["PLAIN", "DELTA_BINARY_PACKED"] as const;
  test.each(encodings)("64-bit integers in encoding %s", async (encoding) => {
    const data = Array.from({ length: 500 }, (_, at) => BigInt(at * at * (at % 2 === 0 ? 1 : -1)));
    const run = await read(write(one({ data, type: "INT64", encoding })));
    expect(run.values).toEqual(data.map((value) => ({ v: Number(value) })));
  });

  test("as bigint when asked for", async () => {
    const path = write(one({ data: [2n ** 60n, -1n, null], type: "INT64" }));
    const run = await read(path, { bigint: true });
    expect(run.values).toEqual([{ v: 2n ** 60n }, { v: -1n }, { v: null }]);
  });

  test("belong to one row: rows share no object", async () => {
    const repeated = Array.from({ length: 100 }, () => instant);
    const run = await read(write(one({ data: repeated, type: "TIMESTAMP" })));
    (run.values[0]?.["v"] as Date).setTime(0);
    expect(run.values[1]).toEqual({ v: instant });
    const json = await read(write(one({ data: repeated.map(() => ({ a: 1 })), type: "JSON" })));
    (json.values[0]?.["v"] as Row)["a"] = 2;
    expect(json.values[1]).toEqual({ v: { a: 1 } });
  });

  test("an integer that is no exact number is an error with column and row", async () => {
    const data = [...Array.from({ length: 450 }, (_, at) => BigInt(at % 3)), 2n ** 53n, 0n];
    const path = write({ columnData: [{ name: "v", data, type: "INT64" }], rowGroupSize: 200 });
    await expect(read(path)).rejects.toMatchObject({
      name: "DataError",
      code: "PARQUET_UNSAFE_INTEGER",
      message: "column v is no exact JS number (got 9007199254740992n)",
      hint: expect.stringContaining("parquet({ bigint: true })") as string,
      where: { position: `row 450 of ${path}` },
    });
  });

  test("names of columns are only names", async () => {
    const names = ["__proto__", 'a"b\\', "constructor", "${x}", "\u2028", "v0"];
    const path = write({ columnData: names.map((name, at) => ({ name, data: [at] })) });
    const [row] = (await read(path)).values;
    expect(Object.entries(row ?? {})).toEqual(names.map((name, at) => [name, at]));
  });
});

describe("a Parquet file that cannot be read", () => {
  const good = readFileSync(write(one({ data: Array.from({ length: 500 }, (_, at) => at) })));
  const damaged = Buffer.from(good);
  damaged.fill(0xff, 4, 60);
  const cases: readonly (readonly [string, Uint8Array, string, string])[] = [
    [
      "is text",
      Buffer.from("a,b\n1,2\n"),
      "PARQUET_INVALID",
      'is no Parquet file (it starts with "a,b\\n")',
    ],
    ["is empty", Buffer.alloc(0), "PARQUET_INVALID", "is empty"],
    ["is encrypted", Buffer.from("PARE....PARE"), "PARQUET_INVALID", "is encrypted"],
    ["is cut short", good.subarray(0, -10), "PARQUET_INVALID", "is cut short"],
    ["is only its magic", Buffer.from("PAR1"), "PARQUET_INVALID", "is cut short"],
    [
      "has a hole",
      Buffer.concat([good.subarray(0, 4), good.subarray(-600)]),
      "PARQUET_DAMAGED",
      "is damaged",
    ],
    [
      "has no footer",
      Buffer.from("PAR1xxxxxxxxPAR1"),
      "PARQUET_DAMAGED",
      "its footer cannot be read",
    ],
    ["has damaged pages", damaged, "PARQUET_DAMAGED", "is damaged: column v"],
  ];

  test.each(cases)("because it %s is one clear line", async (_name, bytes, code, message) => {
    const failed = read(folder.write(`bad-${files++}.parquet`, bytes));
    await expect(failed).rejects.toMatchObject({ name: "DataError", code });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toHaveProperty("hint", expect.any(String));
  });

  test("because it has no such column: the error names those it has", async () => {
    const path = write({
      columnData: [
        { name: "a", data: [1] },
        { name: "b", data: [2] },
      ],
    });
    await expect(read(path, { columns: ["a", "z"] })).rejects.toMatchObject({
      code: "PARQUET_COLUMN_UNKNOWN",
      hint: 'correct "columns" of parquet(); the file has a, b',
    });
  });

  test.each([[[]], [["a", "a"]]])("columns %j are refused", (columns) => {
    expect(() => parquet({ columns })).toThrow('parquet: "columns" cannot be used');
  });
});

/** Rows of the flights as hyparquet gives them by itself. */
async function readPlainly(columns: string[], rowStart: number, rowEnd: number): Promise<Row[]> {
  const file = await asyncBufferFromFile(FLIGHTS);
  const rows = await parquetReadObjects({ file, compressors, columns, rowStart, rowEnd });
  return rows.map((row) => ({ ...row, delay: Number(row["delay"]) }));
}

/** A file with the one column `v`. */
function one(column: Omit<WriteOptions["columnData"][number], "name">): WriteOptions {
  return { columnData: [{ name: "v", ...column }] };
}

function schema(data: unknown[], element: object): WriteOptions {
  return {
    columnData: [{ name: "v", data }],
    schema: [
      { name: "root", num_children: 1 },
      { name: "v", ...element },
    ],
  };
}
