import { formatDuration } from "../duration.ts";
import type { Duration } from "../duration.ts";
import { JobError, show } from "../errors.ts";
import { addMs } from "../timestamp.ts";
import { positiveMs } from "./aligned-windows.ts";
import { EventTimeTrigger } from "./event-time-trigger.ts";
import { ProcessingTimeTrigger } from "./processing-time-trigger.ts";
import { requireTimestamp } from "./require-timestamp.ts";
import type { Trigger } from "./trigger.ts";
import type { WindowAssigner, WindowAssignerContext } from "./window-assigner.ts";
import { TimeWindow } from "./window.ts";

/** The gap after an element in milliseconds; at least 1. */
export type SessionGapExtractor<T> = (element: T) => number;

/**
 * Windows that end when a key was quiet for `gap`, by event time. Elements at a distance of exactly
 * the gap are still one session (semantics 6).
 *
 * @example stream.keyBy(...).window(EventTimeSessionWindows.withGap({ minutes: 30 }))
 */
export class EventTimeSessionWindows<T = unknown> implements WindowAssigner<T, TimeWindow> {
  readonly describe: string;
  readonly isEventTime = true as const;
  readonly merges = true as const;
  readonly #gap: SessionGapExtractor<T>;

  private constructor(describe: string, gap: SessionGapExtractor<T>) {
    this.describe = describe;
    this.#gap = gap;
  }

  /** A PlanError unless the gap is positive. */
  static withGap(gap: Duration): EventTimeSessionWindows {
    const gapMs = positiveMs("EventTimeSessionWindows", "gap", gap);
    return new EventTimeSessionWindows(`session(${formatDuration(gapMs)})`, () => gapMs);
  }

  /** A gap that depends on the element: `gap` returns milliseconds, at least 1. */
  static withDynamicGap<T>(gap: SessionGapExtractor<T>): EventTimeSessionWindows<T> {
    return new EventTimeSessionWindows("session(dynamic)", gap);
  }

  assignWindows(element: T, timestamp: number): readonly TimeWindow[] {
    return [sessionOf(requireTimestamp(element, timestamp), this.#gap(element))];
  }

  getDefaultTrigger(): Trigger {
    return EventTimeTrigger.create();
  }

  windowId(window: TimeWindow): string {
    return sessionId(window);
  }

  windowOf(id: string | number): TimeWindow {
    return sessionOfId(id);
  }
}

/**
 * Sessions by the clock of the machine.
 *
 * @example stream.keyBy(...).window(ProcessingTimeSessionWindows.withGap({ seconds: 10 }))
 */
export class ProcessingTimeSessionWindows<T = unknown> implements WindowAssigner<T, TimeWindow> {
  readonly describe: string;
  readonly isEventTime = false as const;
  readonly merges = true as const;
  readonly #gap: SessionGapExtractor<T>;

  private constructor(describe: string, gap: SessionGapExtractor<T>) {
    this.describe = describe;
    this.#gap = gap;
  }

  /** A PlanError unless the gap is positive. */
  static withGap(gap: Duration): ProcessingTimeSessionWindows {
    const gapMs = positiveMs("ProcessingTimeSessionWindows", "gap", gap);
    const describe = `processing-time-session(${formatDuration(gapMs)})`;
    return new ProcessingTimeSessionWindows(describe, () => gapMs);
  }

  /** A gap that depends on the element: `gap` returns milliseconds, at least 1. */
  static withDynamicGap<T>(gap: SessionGapExtractor<T>): ProcessingTimeSessionWindows<T> {
    return new ProcessingTimeSessionWindows("processing-time-session(dynamic)", gap);
  }

  assignWindows(
    element: T,
    _timestamp: number,
    context: WindowAssignerContext,
  ): readonly TimeWindow[] {
    return [sessionOf(context.currentProcessingTime, this.#gap(element))];
  }

  getDefaultTrigger(): Trigger {
    return ProcessingTimeTrigger.create();
  }

  windowId(window: TimeWindow): string {
    return sessionId(window);
  }

  windowOf(id: string | number): TimeWindow {
    return sessionOfId(id);
  }
}

function sessionOf(timestamp: number, gapMs: number): TimeWindow {
  if (!Number.isSafeInteger(gapMs) || gapMs <= 0) {
    throw new JobError(`the gap of a session is not a positive integer (got ${show(gapMs)})`, {
      code: "JOB_SESSION_GAP",
      hint: "return whole milliseconds, at least 1, from the function given to withDynamicGap",
    });
  }
  return new TimeWindow(timestamp, addMs(timestamp, gapMs));
}

function sessionId(window: TimeWindow): string {
  return `${window.start}/${window.end}`;
}

function sessionOfId(id: string | number): TimeWindow {
  const text = String(id);
  const slash = text.indexOf("/");
  return new TimeWindow(Number(text.slice(0, slash)), Number(text.slice(slash + 1)));
}
