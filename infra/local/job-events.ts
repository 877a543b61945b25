/** What the embedded host tells whoever watches a job (the command line, tests). */
export type JobEvent =
  | { readonly kind: "started"; readonly attempt: number; readonly restoredFrom: number | null }
  | { readonly kind: "notice"; readonly line: string }
  | { readonly kind: "print"; readonly line: string }
  /** A step of the engine, e.g. `pre-commit hourly-files 7`. */
  | { readonly kind: "progress"; readonly step: string }
  | {
      readonly kind: "checkpoint";
      readonly checkpoint: number;
      readonly durationMs: number;
      readonly bytes: number;
    }
  | { readonly kind: "checkpoint-failed"; readonly checkpoint: number; readonly reason: string }
  | { readonly kind: "failed"; readonly error: unknown; readonly restartInMs: number | null };

export type JobState = "running" | "restarting" | "finished" | "stopped" | "cancelled" | "failed";

/** A look at a running job. */
export interface JobStatus {
  readonly state: JobState;
  readonly attempt: number;
  /** Records that the sources emitted in this attempt. */
  readonly records: number;
  /** The lowest watermark over all source subtasks. */
  readonly watermark: number;
  readonly lastCheckpoint: number | null;
  readonly checkpoints: number;
  /** 0 to 1, or null when no source knows. Counts what earlier attempts did. */
  readonly done: number | null;
}

/** What a job leaves behind. */
export interface JobResult {
  readonly state: "finished" | "stopped" | "cancelled";
  readonly records: number;
  readonly checkpoints: number;
  readonly lastCheckpoint: number | null;
  readonly restarts: number;
  readonly durationMs: number;
  readonly accumulators: Readonly<Record<string, number>>;
  /** Metrics by name, e.g. `hourly.0.numLateRecordsDropped`. */
  readonly metrics: Readonly<Record<string, unknown>>;
}
