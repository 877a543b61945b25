import type { Duration } from "../duration.ts";
import { formatDuration } from "../duration.ts";
import { reducingState } from "../state/index.ts";
import type { ReducingStateDescriptor } from "../state/index.ts";
import { addMs } from "../timestamp.ts";
import { positiveMs } from "./aligned-windows.ts";
import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from "./trigger.ts";
import { windowStart } from "./window.ts";
import type { Window } from "./window.ts";

/**
 * Fires at every multiple of an interval of event time while the window has elements, and at the
 * window's end. The contents stay, so each firing shows everything so far.
 *
 * @example
 * stream.keyBy(...).window(TumblingEventTimeWindows.of({ days: 1 }))
 *   .trigger(ContinuousEventTimeTrigger.of({ hours: 1 }))
 */
export class ContinuousEventTimeTrigger implements Trigger {
  readonly describe: string;
  readonly states: readonly [ReducingStateDescriptor<number>];
  /** The next multiple of the interval for which a timer is set. */
  readonly #next: ReducingStateDescriptor<number>;
  readonly #intervalMs: number;

  private constructor(intervalMs: number) {
    this.describe = `continuous(${formatDuration(intervalMs)})`;
    this.#intervalMs = intervalMs;
    this.#next = reducingState<number>("trigger-next-fire", (left, right) => Math.min(left, right));
    this.states = [this.#next];
  }

  /** A PlanError unless the interval is positive. */
  static of(interval: Duration): ContinuousEventTimeTrigger {
    return new ContinuousEventTimeTrigger(
      positiveMs("ContinuousEventTimeTrigger", "interval", interval),
    );
  }

  onElement(
    _element: unknown,
    timestamp: number,
    window: Window,
    context: TriggerContext,
  ): TriggerResult {
    if (window.maxTimestamp() <= context.currentWatermark) return "FIRE";
    context.registerEventTimeTimer(window.maxTimestamp());
    if (context.getPartitionedState(this.#next).get() === null) {
      this.#registerNext(windowStart(timestamp, this.#intervalMs, 0), window, context);
    }
    return "CONTINUE";
  }

  onEventTime(timestamp: number, window: Window, context: TriggerContext): TriggerResult {
    if (timestamp === window.maxTimestamp()) return "FIRE";
    const next = context.getPartitionedState(this.#next);
    if (next.get() !== timestamp) return "CONTINUE";
    next.clear();
    this.#registerNext(timestamp, window, context);
    return "FIRE";
  }

  onProcessingTime(): TriggerResult {
    return "CONTINUE";
  }

  /** The timers of the merged windows are gone; the earliest of their next firings stays (semantics 6). */
  onMerge(window: Window, context: OnMergeContext): void {
    context.mergePartitionedState(this.#next);
    const next = context.getPartitionedState(this.#next).get();
    if (next !== null) context.registerEventTimeTimer(next);
    if (window.maxTimestamp() > context.currentWatermark) {
      context.registerEventTimeTimer(window.maxTimestamp());
    }
  }

  clear(window: Window, context: TriggerContext): void {
    const next = context.getPartitionedState(this.#next);
    const timestamp = next.get();
    if (timestamp !== null) context.deleteEventTimeTimer(timestamp);
    next.clear();
    context.deleteEventTimeTimer(window.maxTimestamp());
  }

  #registerNext(after: number, window: Window, context: TriggerContext): void {
    const next = Math.min(addMs(after, this.#intervalMs), window.maxTimestamp());
    context.getPartitionedState(this.#next).add(next);
    context.registerEventTimeTimer(next);
  }
}
