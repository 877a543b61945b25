import type { Duration } from "../duration.ts";
import { alignedWindows, describeAligned } from "./aligned-windows.ts";
import { EventTimeTrigger } from "./event-time-trigger.ts";
import { ProcessingTimeTrigger } from "./processing-time-trigger.ts";
import { requireTimestamp } from "./require-timestamp.ts";
import type { Trigger } from "./trigger.ts";
import type { AlignedWindows, WindowAssigner, WindowAssignerContext } from "./window-assigner.ts";
import { TimeWindow, windowStart } from "./window.ts";

/**
 * Windows of equal size side by side, by event time: every element is in exactly one.
 *
 * @example stream.keyBy(...).window(TumblingEventTimeWindows.of({ hours: 1 }))
 */
export class TumblingEventTimeWindows implements WindowAssigner<unknown, TimeWindow> {
  readonly describe: string;
  readonly isEventTime = true as const;
  readonly merges = false as const;
  readonly aligned: AlignedWindows;

  private constructor(aligned: AlignedWindows) {
    this.aligned = aligned;
    this.describe = describeAligned(aligned);
  }

  /**
   * Windows start at `offset + k * size` (in UTC); `{ hours: -8 }` makes days of UTC+8.
   * A PlanError unless size > 0 and |offset| < size.
   */
  static of(size: Duration, offset: Duration = {}): TumblingEventTimeWindows {
    return new TumblingEventTimeWindows(
      alignedWindows("TumblingEventTimeWindows", size, size, offset),
    );
  }

  assignWindows(element: unknown, timestamp: number): readonly TimeWindow[] {
    return [alignedWindowOf(this.aligned, requireTimestamp(element, timestamp))];
  }

  getDefaultTrigger(): Trigger {
    return EventTimeTrigger.create();
  }

  windowId(window: TimeWindow): number {
    return window.start;
  }

  windowOf(id: string | number): TimeWindow {
    return new TimeWindow(Number(id), Number(id) + this.aligned.sizeMs);
  }
}

/**
 * Windows of equal size side by side, by the clock of the machine.
 *
 * @example stream.keyBy(...).window(TumblingProcessingTimeWindows.of({ seconds: 10 }))
 */
export class TumblingProcessingTimeWindows implements WindowAssigner<unknown, TimeWindow> {
  readonly describe: string;
  readonly isEventTime = false as const;
  readonly merges = false as const;
  readonly aligned: AlignedWindows;

  private constructor(aligned: AlignedWindows) {
    this.aligned = aligned;
    this.describe = `processing-time-${describeAligned(aligned)}`;
  }

  /** As `TumblingEventTimeWindows.of`. */
  static of(size: Duration, offset: Duration = {}): TumblingProcessingTimeWindows {
    return new TumblingProcessingTimeWindows(
      alignedWindows("TumblingProcessingTimeWindows", size, size, offset),
    );
  }

  assignWindows(
    _element: unknown,
    _timestamp: number,
    context: WindowAssignerContext,
  ): readonly TimeWindow[] {
    return [alignedWindowOf(this.aligned, context.currentProcessingTime)];
  }

  getDefaultTrigger(): Trigger {
    return ProcessingTimeTrigger.create();
  }

  windowId(window: TimeWindow): number {
    return window.start;
  }

  windowOf(id: string | number): TimeWindow {
    return new TimeWindow(Number(id), Number(id) + this.aligned.sizeMs);
  }
}

function alignedWindowOf(windows: AlignedWindows, timestamp: number): TimeWindow {
  const start = windowStart(timestamp, windows.sizeMs, windows.offsetMs);
  return new TimeWindow(start, start + windows.sizeMs);
}
