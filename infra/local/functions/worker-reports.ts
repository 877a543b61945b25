import type { JobEvent } from "../job-events.ts";
import type { WorkerError } from "./worker-message.ts";
import { NO_COUNTS, type WorkerCounts, addCounts } from "./worker-counts.ts";

/** What workers tell, and that they ended, for people. */
export class WorkerReports {
  readonly #onEvent: (event: JobEvent) => void;
  #counts: WorkerCounts = NO_COUNTS;
  #workersLost = 0;
  #lastError = "";

  constructor(onEvent: (event: JobEvent) => void) {
    this.#onEvent = onEvent;
  }

  get counts(): WorkerCounts {
    return this.#counts;
  }

  get workersLost(): number {
    return this.#workersLost;
  }

  counted(counts: WorkerCounts): void {
    this.#counts = addCounts(this.#counts, counts);
  }

  printed(line: string): void {
    this.#onEvent({ kind: "print", line });
  }

  /** What comes again and again is told once. */
  failed(at: string, { message }: WorkerError): void {
    if (message === this.#lastError) return;
    this.#lastError = message;
    this.#notice(`a turn of ${at} failed: ${message.replaceAll(/\s*\n\s*/g, " ")}`);
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
