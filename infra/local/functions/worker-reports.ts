import type { JobEvent } from "../job-events.ts";
import { AT_METRICS } from "../../../core/protocol/job-functions.ts";
import type { WorkerError } from "./worker-message.ts";

/** What workers tell, and that they ended, for people. */
export class WorkerReports {
  readonly #onEvent: (event: JobEvent) => void;
  #workersLost = 0;
  #lastError = "";

  constructor(onEvent: (event: JobEvent) => void) {
    this.#onEvent = onEvent;
  }

  get workersLost(): number {
    return this.#workersLost;
  }

  printed(line: string): void {
    this.#onEvent({ kind: "print", line });
  }

  /** What comes again and again is told once. */
  failed(at: string, { message }: WorkerError): void {
    if (message === this.#lastError) return;
    this.#lastError = message;
    const what = at === AT_METRICS ? "metrics were lost" : `a turn of ${at} failed`;
    this.#notice(`${what}: ${message.replaceAll(/\s*\n\s*/g, " ")}`);
  }

  ended(reason: string): void {
    this.#workersLost += 1;
    this.#notice(
      `a worker ended (${reason}): another one takes its place, its messages come again`,
    );
  }

  #notice(line: string): void {
    this.#onEvent({ kind: "notice", line });
  }
}
