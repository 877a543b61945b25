import type { JobEvent } from "../infra/local/job-events.ts";
import type { Progress } from "./progress.ts";
import type { RunSummary } from "./run-summary.ts";

/** Takes a line, or lines with breaks between them. */
export type Print = (text: string) => void;

/** Tells the user what a running job does: live, in plain lines, or as JSON. */
export interface Reporter {
  /** How often `progress` wants to be called. */
  readonly periodMs: number;
  event(event: JobEvent): void;
  progress(progress: Progress): void;
  /** Something that the command line itself has to say. */
  note(line: string): void;
  /** The end of a job that has not failed. */
  summary(summary: RunSummary): void;
  /** The text that the user's report made of the summary. */
  report(text: string): void;
  /** Nothing is running any more: leaves the terminal as it was. */
  close(): void;
}
