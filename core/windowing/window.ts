import { addMs, MAX_TIMESTAMP } from "../timestamp.ts";

/** A finite group of elements of one key. Results of a window carry `maxTimestamp` (semantics 3). */
export interface Window {
  /** The last instant that belongs to the window, in milliseconds. */
  maxTimestamp(): number;
}

/**
 * The instants from `start` up to but not including `end`, in milliseconds since the epoch.
 *
 * @example new TimeWindow(0, 60_000).maxTimestamp() // 59_999
 */
export class TimeWindow implements Window {
  readonly start: number;
  readonly end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  maxTimestamp(): number {
    return this.end - 1;
  }

  /** Whether both windows share an instant or only touch (semantics 6). */
  intersects(other: TimeWindow): boolean {
    return this.start <= other.end && this.end >= other.start;
  }
}

/** The one window of `GlobalWindows`; it never ends. */
export class GlobalWindow implements Window {
  static readonly instance: GlobalWindow = new GlobalWindow();

  maxTimestamp(): number {
    return MAX_TIMESTAMP;
  }
}

/**
 * The start of the window of `sizeMs` that holds `timestamp`, for windows that start at
 * `offsetMs + k * sizeMs`. Rounds down, also below zero (semantics 2).
 *
 * @example windowStart(-1, 5, 0) // -5
 */
export function windowStart(timestamp: number, sizeMs: number, offsetMs: number): number {
  // Division and floor are several times faster than `%` on doubles; near 2^53 the quotient may be
  // rounded up or down by one, which the two comparisons repair.
  const start = Math.floor((timestamp - offsetMs) / sizeMs) * sizeMs + offsetMs;
  if (start > timestamp) return addMs(start, -sizeMs);
  return timestamp - start >= sizeMs ? start + sizeMs : addMs(start, 0);
}
