import { formatDuration } from "../core/duration.ts";
import type { JobEvent } from "../infra/local/job-events.ts";
import { errorLines } from "./error-lines.ts";
import { formatBytes } from "./quantity.ts";

/** What an event says to people; null when it is nothing for them. */
export function eventLine(event: JobEvent): string | null {
  switch (event.kind) {
    case "started":
      return event.attempt === 0 ? null : restarted(event.attempt, event.restoredFrom);
    case "notice":
      return event.line;
    case "checkpoint":
      return `checkpoint ${event.checkpoint} completed in ${event.durationMs} ms, ${formatBytes(event.bytes)} of state`;
    case "checkpoint-failed":
      return `checkpoint ${event.checkpoint} failed: ${event.reason}`;
    case "failed":
      return event.restartInMs === null
        ? null
        : `the job failed and restarts in ${formatDuration(event.restartInMs)}: ${errorLines(event.error, false).join(" ")}`;
    default:
      return null;
  }
}

function restarted(attempt: number, restoredFrom: number | null): string {
  const from = restoredFrom === null ? "the beginning" : `checkpoint ${restoredFrom}`;
  return `restarted from ${from} (restart ${attempt})`;
}
