/**
 * Seconds to read the flights file through `poll`, three columns and all five; and to make row
 * objects with the generated loop and with fields stored by name. Five rounds each, the first one
 * cold. Not measured: anything behind the source.
 *
 * npx esbuild bench/read-parquet.ts --bundle --platform=node --format=esm --packages=external --outfile=out/read-parquet.mjs && node out/read-parquet.mjs
 */
import type { SplitOutput } from "../core/connector/index.ts";
import type { FileSplit } from "../infra/connectors/file/file-format.ts";
import { fileSource } from "../infra/connectors/file/file-source.ts";
import type { ParquetColumn } from "../infra/connectors/file/formats/parquet-columns.ts";
import { RowEmitters } from "../infra/connectors/file/formats/parquet-rows.ts";
import { parquet } from "../infra/connectors/file/formats/parquet.ts";

interface Flight {
  readonly date: Date;
  readonly delay: number;
  readonly origin: string;
}

const FLIGHTS = "node_modules/vega-datasets/data/flights-3m.parquet";
const ROUNDS = 5;
const ROWS = 3_000_000;
const POLL_RECORDS = 1_024;

/** Uses every field, so that none can be optimised away. */
class Consumer implements SplitOutput<Flight> {
  records = 0;
  sum = 0;

  collect(value: Flight): void {
    this.records++;
    this.sum += value.delay + value.date.getTime() + value.origin.length;
  }

  dirty(_raw: unknown, error: unknown): void {
    throw error;
  }
}

async function readAll(columns: readonly string[] | null): Promise<Consumer> {
  const options = columns === null ? {} : { columns };
  const source = fileSource({ path: FLIGHTS, format: parquet<Flight>(options) });
  const splits: FileSplit[] = [];
  const enumerator = source.createEnumerator(
    {
      parallelism: 1,
      assign: (split) => splits.push(split),
      noMoreSplits: () => reader.noMoreSplits(),
      fail,
    },
    null,
  );
  let wake: () => void = () => undefined;
  const reader = source.createReader({
    subtask: 0,
    parallelism: 1,
    clock: { now: () => 0 },
    requestSplit: () => enumerator.handleSplitRequest(0),
    wake: () => wake(),
    wakeAt: () => undefined,
    fail,
  });
  await enumerator.start();
  await reader.start?.();
  const consumer = new Consumer();
  const output = { split: () => consumer, release: () => undefined };
  for (;;) {
    if (splits.length > 0) reader.addSplits(splits.splice(0));
    const result = reader.poll(output, POLL_RECORDS);
    if (result === "end") return consumer;
    if (result === "idle" && splits.length === 0) {
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
}

function makeRows(how: "generated" | "by name"): Consumer {
  const columns: ParquetColumn[] = [
    { name: "date", kind: "date", values: Array.from({ length: ROWS }, (_, at) => at * 1_000) },
    { name: "delay", kind: "plain", values: Array.from({ length: ROWS }, (_, at) => at % 100) },
    { name: "origin", kind: "plain", values: Array<string>(ROWS).fill("SEA") },
  ];
  const values = columns.map((column) => column.values);
  const emit = how === "generated" ? new RowEmitters().of(columns) : byName(columns);
  const consumer = new Consumer();
  const started = performance.now();
  for (let from = 0; from < ROWS; from += POLL_RECORDS) {
    emit(values, consumer, from, Math.min(ROWS, from + POLL_RECORDS), 0);
  }
  print(`rows ${how}`, started);
  return consumer;
}

function byName(columns: readonly ParquetColumn[]): ReturnType<RowEmitters["of"]> {
  return (values, output, from, to, first) => {
    for (let row = from; row < to; row++) {
      const record: Record<string, unknown> = {};
      for (let at = 0; at < columns.length; at++) {
        const { name, kind } = columns[at] as ParquetColumn;
        const value = values[at]?.[row];
        record[name] = kind === "date" ? new Date(value as number) : value;
      }
      output.collect(record as never, 0, first + row);
    }
  };
}

function fail(error: unknown): never {
  throw error;
}

function print(what: string, started: number): void {
  console.log(`${what}: ${((performance.now() - started) / 1_000).toFixed(2)} s`);
}

for (let round = 0; round < ROUNDS; round++) {
  for (const columns of [["date", "delay", "origin"], null]) {
    const started = performance.now();
    const { records } = await readAll(columns);
    print(`${records} flights, ${columns?.join(", ") ?? "all columns"}`, started);
  }
  makeRows("generated");
  makeRows("by name");
}
