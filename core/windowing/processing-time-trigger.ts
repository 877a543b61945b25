import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from "./trigger.ts";
import type { Window } from "./window.ts";

/**
 * Fires when the clock reaches the window's last instant. The default of processing-time windows;
 * they are not flushed at the end of the input (semantics 7).
 *
 * @example stream.keyBy(...).window(...).trigger(ProcessingTimeTrigger.create())
 */
export class ProcessingTimeTrigger implements Trigger {
  static readonly #instance: ProcessingTimeTrigger = new ProcessingTimeTrigger();
  readonly describe = "processing-time" as const;

  static create(): ProcessingTimeTrigger {
    return ProcessingTimeTrigger.#instance;
  }

  onElement(
    _element: unknown,
    _timestamp: number,
    window: Window,
    context: TriggerContext,
  ): TriggerResult {
    context.registerProcessingTimeTimer(window.maxTimestamp());
    return "CONTINUE";
  }

  onEventTime(): TriggerResult {
    return "CONTINUE";
  }

  onProcessingTime(): TriggerResult {
    return "FIRE";
  }

  onMerge(window: Window, context: OnMergeContext): void {
    const last = window.maxTimestamp();
    if (last > context.currentProcessingTime) context.registerProcessingTimeTimer(last);
  }

  clear(window: Window, context: TriggerContext): void {
    context.deleteProcessingTimeTimer(window.maxTimestamp());
  }
}
