import type { Duration } from "../duration.ts";
import { alignedWindows, describeAligned } from "./aligned-windows.ts";
import { EventTimeTrigger } from "./event-time-trigger.ts";
import { ProcessingTimeTrigger } from "./processing-time-trigger.ts";
import { requireTimestamp } from "./require-timestamp.ts";
import type { Trigger } from "./trigger.ts";
import type { AlignedWindows, WindowAssigner, WindowAssignerContext } from "./window-assigner.ts";
import { TimeWindow, windowStart } from "./window.ts";

/**
 * Windows of one size that start every `slide`, by event time: they overlap when slide < size, and
 * leave gaps when slide > size (an element in a gap is in no window).
 *
 * @example stream.keyBy(...).window(SlidingEventTimeWindows.of({ hours: 1 }, { seconds: 10 }))
 */
export class SlidingEventTimeWindows implements WindowAssigner<unknown, TimeWindow> {
  readonly describe: string;
  readonly isEventTime = true as const;
  readonly merges = false as const;
  readonly aligned: AlignedWindows;

  private constructor(aligned: AlignedWindows) {
    this.aligned = aligned;
    this.describe = describeAligned(aligned);
  }

  /**
   * Windows start at `offset + k * slide` (in UTC).
   * A PlanError unless size > 0, slide > 0 and |offset| < slide.
   */
  static of(size: Duration, slide: Duration, offset: Duration = {}): SlidingEventTimeWindows {
    return new SlidingEventTimeWindows(
      alignedWindows("SlidingEventTimeWindows", size, slide, offset),
    );
  }

  assignWindows(element: unknown, timestamp: number): readonly TimeWindow[] {
    return alignedWindowsOf(this.aligned, requireTimestamp(element, timestamp));
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
 * Sliding windows by the clock of the machine.
 *
 * @example stream.keyBy(...).window(SlidingProcessingTimeWindows.of({ minutes: 1 }, { seconds: 10 }))
 */
export class SlidingProcessingTimeWindows implements WindowAssigner<unknown, TimeWindow> {
  readonly describe: string;
  readonly isEventTime = false as const;
  readonly merges = false as const;
  readonly aligned: AlignedWindows;

  private constructor(aligned: AlignedWindows) {
    this.aligned = aligned;
    this.describe = `processing-time-${describeAligned(aligned)}`;
  }

  /** As `SlidingEventTimeWindows.of`. */
  static of(size: Duration, slide: Duration, offset: Duration = {}): SlidingProcessingTimeWindows {
    return new SlidingProcessingTimeWindows(
      alignedWindows("SlidingProcessingTimeWindows", size, slide, offset),
    );
  }

  assignWindows(
    _element: unknown,
    _timestamp: number,
    context: WindowAssignerContext,
  ): readonly TimeWindow[] {
    return alignedWindowsOf(this.aligned, context.currentProcessingTime);
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

function alignedWindowsOf(windows: AlignedWindows, timestamp: number): readonly TimeWindow[] {
  const { sizeMs, slideMs, offsetMs } = windows;
  const found: TimeWindow[] = [];
  let start = windowStart(timestamp, slideMs, offsetMs);
  for (; start > timestamp - sizeMs; start -= slideMs) {
    found.push(new TimeWindow(start, start + sizeMs));
  }
  return found;
}
