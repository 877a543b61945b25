import { JobError } from "../../../core/errors.ts";
import type { JobRecord } from "../../../core/protocol/job-record.ts";
import type { JobResult } from "../job-events.ts";
import type { MetricsView } from "./job-metrics.ts";

/** What a job on functions leaves behind; counts as far as its workers lived to report them. */
export interface FunctionsResult extends JobResult {
  readonly functions: FunctionsFigures;
}

export interface FunctionsFigures {
  /** Entries that were committed, of tasks and of the coordinator. */
  readonly turns: number;
  /** State, messages and effects, in entries and objects. */
  readonly bytesCommitted: number;
  readonly workers: number;
  /** Workers that ended while the job ran. */
  readonly workersLost: number;
}

export interface ResultParts {
  readonly ending: JobResult["state"];
  readonly record: JobRecord | null;
  readonly metrics: MetricsView;
  readonly checkpoints: number;
  readonly lastCheckpoint: number | null;
  readonly durationMs: number;
  readonly workers: number;
  readonly workersLost: number;
}

export function resultOf(parts: ResultParts): FunctionsResult {
  const { metrics, workers, workersLost } = parts;
  const [turns, bytesCommitted] = [metrics.sum("turns"), metrics.sum("bytesCommitted")];
  return {
    state: parts.ending,
    records: metrics.records,
    checkpoints: parts.checkpoints,
    lastCheckpoint: parts.lastCheckpoint,
    restarts: 0,
    durationMs: parts.durationMs,
    accumulators: accumulatorsOf(parts.record),
    metrics: metrics.named(),
    functions: { turns, bytesCommitted, workers, workersLost },
  };
}

/** The coordinator ends the job with them. */
function accumulatorsOf(record: JobRecord | null): Readonly<Record<string, number>> {
  const result = record?.result ?? null;
  if (typeof result !== "object" || result === null || !("accumulators" in result)) return {};
  return result.accumulators as Readonly<Record<string, number>>; // as the coordinator wrote it
}

/** What the record of a FAILED job says. */
export function failureOf({ job, failure }: JobRecord): JobError {
  const { message = "it is not known why", at = "" } = failure ?? {};
  // Of user code the message says itself where it is.
  const told = at === "" || message.startsWith("operator ");
  return new JobError(told ? message : `subtask ${at}: ${message}`, {
    code: "JOB_FAILED",
    where: { job },
    hint: "correct what failed and run the job again: it goes on where it was; --fresh begins anew",
  });
}
