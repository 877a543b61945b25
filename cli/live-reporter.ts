import { createLogUpdate } from "log-update";
import type { createColors } from "picocolors";
import { formatTimestamp } from "../core/timestamp.ts";
import type { JobEvent } from "../infra/local/job-events.ts";
import { eventLine } from "./event-line.ts";
import { progressBar } from "./progress-bar.ts";
import type { Progress } from "./progress.ts";
import { formatCount, formatRate, formatSeconds } from "./quantity.ts";
import type { Print, Reporter } from "./reporter.ts";
import type { RunSummary } from "./run-summary.ts";
import { summaryTable } from "./summary-table.ts";

const BAR_WIDTH = 30;

/** Two lines that are drawn again and again, for a terminal; everything else scrolls above them. */
export class LiveReporter implements Reporter {
  readonly periodMs = 100;
  readonly #stream: NodeJS.WriteStream;
  readonly #print: Print;
  readonly #job: string;
  readonly #colors: ReturnType<typeof createColors>;
  readonly #draw: ReturnType<typeof createLogUpdate>;

  /** `print` takes results. */
  constructor(
    stream: NodeJS.WriteStream,
    print: Print,
    job: string,
    colors: ReturnType<typeof createColors>,
  ) {
    this.#print = print;
    this.#stream = stream;
    this.#job = job;
    this.#colors = colors;
    this.#draw = createLogUpdate(stream);
  }

  event(event: JobEvent): void {
    const line = event.kind === "checkpoint" ? null : eventLine(event);
    if (line !== null) this.note(line);
  }

  progress(progress: Progress): void {
    this.#draw(`${this.#firstLine(progress)}\n${this.#secondLine(progress)}`);
  }

  note(line: string): void {
    this.hide();
    this.#stream.write(`${line}\n`);
  }

  summary(summary: RunSummary): void {
    this.hide();
    const { bold, dim, green } = this.#colors;
    const [title = "", ...lines] = summaryTable(summary, dim).split("\n");
    this.#stream.write(`${[`${green("✔")} ${bold(title)}`, ...lines].join("\n")}\n`);
  }

  report(text: string): void {
    this.#print(text);
  }

  /** Makes room for other output; the next progress draws the lines again. */
  hide(): void {
    this.#draw.clear();
  }

  close(): void {
    this.#draw.clear();
    this.#draw.done();
  }

  #firstLine({ status, recordsPerSecond, elapsedMs }: Progress): string {
    const { bold, cyan, dim } = this.#colors;
    const { done } = status;
    const share = done === null ? [] : [cyan(progressBar(done, BAR_WIDTH)), percent(done)];
    const counts = `${formatCount(status.records)} records  ${formatRate(recordsPerSecond)}`;
    return [bold(this.#job), ...share, counts, dim(formatSeconds(elapsedMs))].join("  ");
  }

  #secondLine({ status, checkpointAgeMs }: Progress): string {
    const age = checkpointAgeMs === null ? "" : `, ${formatSeconds(checkpointAgeMs)} ago`;
    const { lastCheckpoint } = status;
    const checkpoint = lastCheckpoint === null ? "none yet" : `${lastCheckpoint}${age}`;
    return this.#colors.dim(
      `  watermark ${formatTimestamp(status.watermark)}  checkpoint ${checkpoint}  ${status.state}`,
    );
  }
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`.padStart(5);
}
