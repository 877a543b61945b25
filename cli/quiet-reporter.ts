import type { JobEvent } from "../infra/local/job-events.ts";
import { eventLine } from "./event-line.ts";
import type { Print, Reporter } from "./reporter.ts";

/** Says only what the user should act on: notices, failures, and what the command line notes. */
export class QuietReporter implements Reporter {
  readonly periodMs = 60_000;
  readonly #write: Print;
  readonly #print: Print;

  /** `write` takes lines for people, `print` results. */
  constructor(write: Print, print: Print) {
    this.#write = write;
    this.#print = print;
  }

  event(event: JobEvent): void {
    const line = event.kind === "checkpoint" ? null : eventLine(event);
    if (line !== null) this.#write(line);
  }

  progress(): void {}

  note(line: string): void {
    this.#write(line);
  }

  summary(): void {}

  report(text: string): void {
    this.#print(text);
  }

  close(): void {}
}
