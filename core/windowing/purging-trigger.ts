import type { StateDescriptor } from "../state/index.ts";
import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from "./trigger.ts";
import type { Window } from "./window.ts";

/**
 * Drops the contents of a window whenever the inner trigger fires, so that the next firing shows
 * only what came since.
 *
 * @example PurgingTrigger.of(CountTrigger.of(3))
 */
export class PurgingTrigger<T, W extends Window> implements Trigger<T, W> {
  readonly describe: string;
  readonly states: readonly StateDescriptor[];
  /** Absent when the inner trigger cannot merge. */
  readonly onMerge?: (window: W, context: OnMergeContext) => void;
  readonly #inner: Trigger<T, W>;

  private constructor(inner: Trigger<T, W>) {
    this.describe = `purging(${inner.describe})`;
    this.states = inner.states ?? [];
    this.#inner = inner;
    if (inner.onMerge !== undefined) {
      this.onMerge = (window, context) => inner.onMerge?.(window, context);
    }
  }

  static of<T, W extends Window>(inner: Trigger<T, W>): PurgingTrigger<T, W> {
    return new PurgingTrigger(inner);
  }

  onElement(element: T, timestamp: number, window: W, context: TriggerContext): TriggerResult {
    return purged(this.#inner.onElement(element, timestamp, window, context));
  }

  onEventTime(timestamp: number, window: W, context: TriggerContext): TriggerResult {
    return purged(this.#inner.onEventTime(timestamp, window, context));
  }

  onProcessingTime(timestamp: number, window: W, context: TriggerContext): TriggerResult {
    return purged(this.#inner.onProcessingTime(timestamp, window, context));
  }

  clear(window: W, context: TriggerContext): void {
    this.#inner.clear(window, context);
  }
}

function purged(result: TriggerResult): TriggerResult {
  return result === "FIRE" ? "FIRE_AND_PURGE" : result;
}
