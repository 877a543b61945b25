import type { JobStatus } from "../infra/local/job-events.ts";

/** A look at a running job, for reporters. */
export interface Progress {
  readonly status: JobStatus;
  readonly recordsPerSecond: number;
  readonly elapsedMs: number;
  /** Since the last checkpoint completed; null: none has. */
  readonly checkpointAgeMs: number | null;
}

/** The rate is taken over this span, so that it is neither nervous nor lazy. */
const RATE_SPAN_MS = 5_000;

interface Sample {
  readonly at: number;
  readonly records: number;
}

/** Makes looks at a job comparable: its rate over the last seconds. Times are milliseconds. */
export class ProgressMeter {
  readonly #startedAt: number;
  #samples: Sample[];
  #attempt = 0;
  #checkpointAt: number | null = null;

  constructor(now: number) {
    this.#startedAt = now;
    this.#samples = [{ at: now, records: 0 }];
  }

  checkpointCompleted(now: number): void {
    this.#checkpointAt = now;
  }

  look(status: JobStatus, now: number): Progress {
    if (status.attempt !== this.#attempt) {
      this.#attempt = status.attempt;
      this.#samples = [];
    }
    this.#samples.push({ at: now, records: status.records });
    while ((this.#samples[1]?.at ?? now) < now - RATE_SPAN_MS) this.#samples.shift();
    const first = this.#samples[0] ?? { at: now, records: 0 };
    const seconds = (now - first.at) / 1_000;
    return {
      status,
      recordsPerSecond: seconds > 0 ? (status.records - first.records) / seconds : 0,
      elapsedMs: now - this.#startedAt,
      checkpointAgeMs: this.#checkpointAt === null ? null : now - this.#checkpointAt,
    };
  }
}
