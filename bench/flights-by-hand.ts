/**
 * The flights job without an engine: read, group, sort, write. No checkpoint, no event time (it
 * knows that the file is complete), no exactly-once. Prints its peak memory.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";

const [input = "node_modules/vega-datasets/data/flights-3m.parquet", output = "out/by-hand"] =
  process.argv.slice(2);
const HOUR = 3_600_000;

interface Window {
  flights: number;
  sum: number;
  max: number;
  over15: number;
  delays: number[];
}

const windows = new Map<number, Map<string, Window>>();

function add(origin: string, delay: number, timestamp: number): void {
  const start = timestamp - (((timestamp % HOUR) + HOUR) % HOUR);
  let hour = windows.get(start);
  if (hour === undefined) {
    hour = new Map();
    windows.set(start, hour);
  }
  let window = hour.get(origin);
  if (window === undefined) {
    window = { flights: 0, sum: 0, max: -Infinity, over15: 0, delays: [] };
    hour.set(origin, window);
  }
  window.flights += 1;
  window.sum += delay;
  if (delay > window.max) window.max = delay;
  if (delay > 15) window.over15 += 1;
  window.delays.push(delay);
}

const file = await asyncBufferFromFile(input);
const metadata = await parquetMetadataAsync(file);
let rowStart = 0;
for (const group of metadata.row_groups) {
  const rowEnd = rowStart + Number(group.num_rows);
  const columns: Record<string, unknown[]> = {};
  await parquetRead({
    file,
    metadata,
    compressors,
    columns: ["date", "delay", "origin"],
    rowStart,
    rowEnd,
    onChunk: ({ columnName, columnData }) => {
      columns[columnName] = (columns[columnName] ?? []).concat(Array.from(columnData));
    },
  });
  const { date = [], delay = [], origin = [] } = columns;
  for (let i = 0; i < date.length; i += 1) {
    const minutes = Number(delay[i]);
    add(origin[i] as string, minutes, (date[i] as Date).getTime() + minutes * 60_000);
  }
  rowStart = rowEnd;
}

const lines = new Map<string, string[]>();
for (const [start, hour] of [...windows].sort(([a], [b]) => a - b)) {
  const windowStart = new Date(start).toISOString();
  const windowEnd = new Date(start + HOUR).toISOString();
  const day = windowStart.slice(0, 10);
  const ofDay = lines.get(day) ?? [];
  lines.set(day, ofDay);
  for (const [origin, { flights, sum, max, over15, delays }] of hour) {
    delays.sort((a, b) => a - b);
    ofDay.push(
      JSON.stringify({
        origin,
        windowStart,
        windowEnd,
        flights,
        meanDelay: sum / flights,
        maxDelay: max,
        p90Delay: delays[Math.max(0, Math.ceil(0.9 * flights) - 1)],
        over15,
      }),
    );
  }
}
for (const [day, ofDay] of lines) {
  mkdirSync(`${output}/${day}`, { recursive: true });
  writeFileSync(`${output}/${day}/part-0.ndjson`, `${ofDay.join("\n")}\n`);
}
process.stdout.write(`${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
