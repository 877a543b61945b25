import { MillraceError } from "../core/errors.ts";
import { formatTimestamp } from "../core/timestamp.ts";
import type { JobEvent } from "../infra/local/job-events.ts";
import { errorLines } from "./error-lines.ts";
import type { Progress } from "./progress.ts";
import type { Reporter } from "./reporter.ts";
import type { RunSummary } from "./run-summary.ts";

/**
 * One JSON object a line; `event` says what it is. Lines of the print sink are events too, so that
 * every line of standard output can be parsed.
 */
export class JsonReporter implements Reporter {
  readonly periodMs = 1_000;
  readonly #write: (line: string) => void;
  readonly #steps: boolean;

  /** With `steps` also the single steps of checkpoints and sinks. */
  constructor(write: (line: string) => void, steps: boolean) {
    this.#write = write;
    this.#steps = steps;
  }

  event(event: JobEvent): void {
    switch (event.kind) {
      case "progress":
        if (this.#steps) this.#emit("step", { step: event.step });
        return;
      case "failed":
        this.#emit("failed", { restartInMs: event.restartInMs, ...errorFields(event.error) });
        return;
      default: {
        const { kind, ...fields } = event;
        this.#emit(kind, fields);
      }
    }
  }

  progress({ status, recordsPerSecond, elapsedMs }: Progress): void {
    this.#emit("progress", {
      ...status,
      watermark: formatTimestamp(status.watermark),
      recordsPerSecond: Math.round(recordsPerSecond),
      elapsedMs,
    });
  }

  note(line: string): void {
    this.#emit("notice", { line });
  }

  summary(summary: RunSummary): void {
    this.#emit("result", { ...summary, recordsPerSecond: Math.round(summary.recordsPerSecond) });
  }

  report(text: string): void {
    this.#emit("report", { text });
  }

  close(): void {}

  #emit(event: string, fields: object): void {
    this.#write(JSON.stringify({ event, ...fields }));
  }
}

/** The last line of a run that failed, also of one that could not start. */
export function jsonErrorLine(error: unknown, exitCode: number): string {
  return JSON.stringify({ event: "error", exitCode, ...errorFields(error) });
}

function errorFields(error: unknown): object {
  if (!(error instanceof MillraceError)) return { message: errorLines(error, false).join(" ") };
  const { name, code, message, hint, where } = error;
  return { name, code, message, hint, where };
}
