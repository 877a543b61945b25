import { closeSync, fstatSync, openSync, readSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type MetricReport, MetricSums, type ReportedMetrics } from "../../core/ports/index.ts";
import { codeOf } from "./file-errors.ts";

/** What one process has reported, as far as it was read. */
interface Reader {
  /** Of the file. */
  readonly number: number;
  readonly sums: MetricSums;
  bytes: number;
}

const NEWLINE = 0x0a;
const FILE = /^(.+)\.(\d+)\.ndjson$/;

/**
 * What the processes of a folder have reported, those that were killed among them. Reads only what is
 * new, and at once: a few lines of files that the system still holds in memory.
 *
 *   MR1  of a process the file with the highest number counts (MF1)
 *   MR2  a line without its end waits for it (MF2)
 *   MR3  what cannot be read now keeps what was read before: nobody fails for metrics
 */
export class MetricFolder {
  readonly #folder: string;
  /** By process. */
  readonly #readers = new Map<string, Reader>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All metrics so far, added up over the processes. */
  read(): readonly ReportedMetrics[] {
    for (const [name, number] of this.#newest()) {
      unlessUnreadable(() => this.#look(name, number));
    }
    const sums = new MetricSums();
    for (const reader of this.#readers.values()) sums.add(reader.sums.read());
    return sums.read();
  }

  /** MR1. */
  #newest(): ReadonlyMap<string, number> {
    const newest = new Map<string, number>();
    for (const file of unlessUnreadable(() => readdirSync(this.#folder)) ?? []) {
      const [, name = "", digits = ""] = FILE.exec(file) ?? [];
      if (name !== "") newest.set(name, Math.max(Number(digits), newest.get(name) ?? 0));
    }
    return newest;
  }

  #look(name: string, number: number): void {
    const descriptor = openSync(join(this.#folder, `${name}.${number}.ndjson`), "r");
    try {
      const known = this.#readers.get(name);
      const reader =
        known?.number === number ? known : { number, sums: new MetricSums(), bytes: 0 };
      readLines(reader, descriptor);
      this.#readers.set(name, reader);
    } finally {
      closeSync(descriptor);
    }
  }
}

/** MR2. */
function readLines(reader: Reader, descriptor: number): void {
  const bytes = Buffer.alloc(fstatSync(descriptor).size - reader.bytes);
  const length = readSync(descriptor, bytes, 0, bytes.length, reader.bytes);
  const end = bytes.subarray(0, length).lastIndexOf(NEWLINE) + 1;
  if (end === 0) return;
  reader.bytes += end;
  for (const line of bytes.toString("utf8", 0, end).trimEnd().split("\n")) {
    reader.sums.add((JSON.parse(line) as MetricReport).groups); // as FileMetricReporter wrote it
  }
}

/** MR3. */
function unlessUnreadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
