import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from "./trigger.ts";
import type { Window } from "./window.ts";

/**
 * Fires when the watermark reaches the window's last instant, and again with every element that is
 * late but allowed (semantics 3 and 5). The default of event-time windows.
 *
 * @example stream.keyBy(...).window(GlobalWindows.create()).trigger(EventTimeTrigger.create())
 */
export class EventTimeTrigger implements Trigger {
  static readonly #instance: EventTimeTrigger = new EventTimeTrigger();
  readonly describe = "event-time" as const;

  static create(): EventTimeTrigger {
    return EventTimeTrigger.#instance;
  }

  onElement(
    _element: unknown,
    _timestamp: number,
    window: Window,
    context: TriggerContext,
  ): TriggerResult {
    const last = window.maxTimestamp();
    if (last <= context.currentWatermark) return "FIRE";
    context.registerEventTimeTimer(last);
    return "CONTINUE";
  }

  onEventTime(timestamp: number, window: Window): TriggerResult {
    return timestamp === window.maxTimestamp() ? "FIRE" : "CONTINUE";
  }

  onProcessingTime(): TriggerResult {
    return "CONTINUE";
  }

  /** A merged window that has already passed fires with the element that merged it. */
  onMerge(window: Window, context: OnMergeContext): void {
    const last = window.maxTimestamp();
    if (last > context.currentWatermark) context.registerEventTimeTimer(last);
  }

  clear(window: Window, context: TriggerContext): void {
    context.deleteEventTimeTimer(window.maxTimestamp());
  }
}
