import type { BuildJobOptions } from "../../../core/api/build-job.ts";
import type { DelayedMessage, FifoMessage } from "../../../core/ports/index.ts";

/** What a worker needs to know before its first invocation. */
export interface WorkerSetup {
  /** Of the job's files; absolute. */
  readonly directory: string;
  /** Where its metrics go; absolute, and of this run alone. */
  readonly metrics: string;
  readonly sync: boolean;
  readonly codeHash: string;
  /** Says the worker's script where the job is: whatever the two agree upon. */
  readonly source: unknown;
  /** Without functions, for it travels. */
  readonly build: Omit<BuildJobOptions, "resolveSecret">;
}

/** One call of a function, to a worker that is free. */
export type Invocation =
  | {
      readonly kind: "queue";
      readonly id: number;
      readonly queue: string;
      readonly messages: readonly FifoMessage[];
      readonly deadlineMs: number;
    }
  | {
      readonly kind: "timer";
      readonly id: number;
      readonly messages: readonly DelayedMessage[];
      readonly deadlineMs: number;
    };

export type ToWorker = { readonly kind: "setup"; readonly setup: WorkerSetup } | Invocation;

export type News = "messages" | "wake-ups";

/** An error on its way through IPC. */
export interface WorkerError {
  readonly message: string;
  readonly stack: string | null;
}

/**
 * Nothing of this is needed for exactly-once: a lost result makes messages come again, a lost `news`
 * is made up for by the end of the worker.
 */
export type FromWorker =
  | { readonly kind: "ready"; readonly planHash: string }
  | { readonly kind: "unusable"; readonly error: WorkerError }
  | {
      readonly kind: "result";
      readonly id: number;
      /** Ids of messages that come again. */
      readonly failed: readonly string[];
    }
  /** Something was written to a queue, or to that of wake-ups. */
  | { readonly kind: "news"; readonly of: News }
  | { readonly kind: "print"; readonly line: string }
  | { readonly kind: "error"; readonly at: string; readonly error: WorkerError }
  /** The job's record says FAILED. */
  | { readonly kind: "job-failed" };

export function workerError(error: unknown): WorkerError {
  if (!(error instanceof Error)) return { message: String(error), stack: null };
  return { message: describe(error), stack: error.stack ?? null };
}

function describe(error: Error & { describe?: () => string }): string {
  return error.describe?.() ?? `${error.name}: ${error.message}`;
}
