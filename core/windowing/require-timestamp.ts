import { JobError, show } from "../errors.ts";
import { NO_TIMESTAMP } from "../timestamp.ts";

/** The timestamp of an element, which event-time windows cannot do without. */
export function requireTimestamp(element: unknown, timestamp: number): number {
  if (timestamp !== NO_TIMESTAMP) return timestamp;
  throw new JobError(`a record without event time is in an event-time window (${show(element)})`, {
    code: "JOB_NO_TIMESTAMP",
    hint: 'give the source a WatermarkStrategy with "timestamp", or use processing-time windows',
  });
}
