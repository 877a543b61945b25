import { MIN_WATERMARK, formatTimestamp } from "../core/timestamp.ts";
import type { JobEvent } from "../infra/local/job-events.ts";
import { eventLine } from "./event-line.ts";
import type { Progress } from "./progress.ts";
import { formatCount, formatRate, formatSeconds } from "./quantity.ts";
import type { Print, Reporter } from "./reporter.ts";
import type { RunSummary } from "./run-summary.ts";
import { summaryTable } from "./summary-table.ts";

/** Between two lines about completed checkpoints, at least. */
const CHECKPOINT_PAUSE_MS = 2_000;

/** Lines for a log file or a pipe: no colour, nothing is overwritten. */
export class PlainReporter implements Reporter {
  readonly periodMs = 2_000;
  readonly #write: Print;
  readonly #print: Print;
  readonly #now: () => number;
  #nextCheckpointLineAt = 0;

  /** `write` takes lines for people, `print` results. */
  constructor(write: Print, print: Print, now: () => number) {
    this.#write = write;
    this.#print = print;
    this.#now = now;
  }

  event(event: JobEvent): void {
    const line = eventLine(event);
    if (line === null) return;
    if (event.kind === "checkpoint") {
      if (this.#now() < this.#nextCheckpointLineAt) return;
      this.#nextCheckpointLineAt = this.#now() + CHECKPOINT_PAUSE_MS;
    }
    this.#write(line);
  }

  progress({ status, recordsPerSecond, elapsedMs }: Progress): void {
    const parts = [
      formatSeconds(elapsedMs),
      `${formatCount(status.records)} records`,
      formatRate(recordsPerSecond),
      ...(status.watermark === MIN_WATERMARK
        ? []
        : [`watermark ${formatTimestamp(status.watermark)}`]),
      ...(status.lastCheckpoint === null ? [] : [`checkpoint ${status.lastCheckpoint}`]),
      ...(status.done === null ? [] : [`${Math.floor(status.done * 100)} % done`]),
    ];
    this.#write(parts.join(", "));
  }

  note(line: string): void {
    this.#write(line);
  }

  summary(summary: RunSummary): void {
    this.#write(summaryTable(summary, (text) => text));
  }

  report(text: string): void {
    this.#print(text);
  }

  close(): void {}
}
