import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type CallScope,
  type MetricReport,
  type MetricReporter,
  MetricSums,
} from "../../core/ports/index.ts";
import { checkLive } from "../check-live.ts";
import { makeFolder } from "../make-folder.ts";
import { storageError } from "./file-errors.ts";
import { OneAtATime } from "./one-at-a-time.ts";

/** Behind so many bytes of reports a file is replaced. */
const BYTES_MAX = 1_048_576;
/** Never makes a file: one that somebody took away is begun anew, with the sums. */
const APPEND = constants.O_WRONLY | constants.O_APPEND;

/**
 * Reports of one process as lines of a file of its own, `<process>.<number>.ndjson`, for
 * `MetricFolder` to read meanwhile.
 *
 *   MF1  the file with the highest number holds all that its process reported: one that gets long is
 *        followed by one that begins with the sums, and removed
 *   MF2  a line counts with its end: a killed process leaves the beginning of one at most, and after
 *        a write that failed the next report begins the next file
 *   MF3  nothing is flushed to the disk: a loss of power costs metrics
 */
export class FileMetricReporter implements MetricReporter {
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #name = `${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #turns = new OneAtATime();
  readonly #sums = new MetricSums();
  /** The next report begins a file. */
  #begins = true;
  #number = 0;
  #bytes = 0;

  constructor(folder: string, bytesMax: number = BYTES_MAX) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
  }

  report(report: MetricReport, scope: CallScope): Promise<void> {
    return this.#turns.run(async () => {
      checkLive(scope, "report");
      this.#sums.add(report.groups);
      try {
        if (this.#begins || this.#bytes >= this.#bytesMax) await this.#begin(report.timestampMs);
        else await this.#append(report);
      } catch (error) {
        this.#begins = true; // MF2
        throw storageError("write", this.#path(this.#number), error);
      }
    });
  }

  /** MF1. */
  async #begin(timestampMs: number): Promise<void> {
    await makeFolder(this.#folder);
    this.#number += 1;
    const path = this.#path(this.#number);
    await writeFile(`${path}.new`, lineOf({ timestampMs, groups: this.#sums.read() }));
    await rename(`${path}.new`, path);
    await rm(this.#path(this.#number - 1), { force: true });
    this.#begins = false;
    this.#bytes = 0;
  }

  async #append(report: MetricReport): Promise<void> {
    const line = lineOf(report);
    const file = await open(this.#path(this.#number), APPEND);
    try {
      await file.writeFile(line);
    } finally {
      await file.close();
    }
    this.#bytes += line.length;
  }

  #path(number: number): string {
    return join(this.#folder, `${this.#name}.${number}.ndjson`);
  }
}

function lineOf(report: MetricReport): Buffer {
  return Buffer.from(`${JSON.stringify(report)}\n`);
}
