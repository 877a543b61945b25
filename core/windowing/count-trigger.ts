import { PlanError, show } from "../errors.ts";
import { reducingState } from "../state/index.ts";
import type { ReducingStateDescriptor } from "../state/index.ts";
import type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from "./trigger.ts";
import type { Window } from "./window.ts";

/**
 * Fires with every n-th element of a window. It replaces the default trigger: what has not reached
 * n when the window ends is dropped (semantics 7).
 *
 * @example stream.keyBy(...).window(GlobalWindows.create()).trigger(PurgingTrigger.of(CountTrigger.of(3)))
 */
export class CountTrigger implements Trigger {
  readonly describe: string;
  readonly states: readonly [ReducingStateDescriptor<number>];
  readonly #count: ReducingStateDescriptor<number>;
  readonly #max: number;

  private constructor(max: number) {
    this.describe = `count(${max})`;
    this.#max = max;
    this.#count = reducingState<number>("trigger-count", (left, right) => left + right);
    this.states = [this.#count];
  }

  /** A PlanError unless `n` is a positive integer. */
  static of(n: number): CountTrigger {
    if (Number.isSafeInteger(n) && n > 0) return new CountTrigger(n);
    throw new PlanError(`CountTrigger: the count is not a positive integer (got ${show(n)})`, {
      code: "PLAN_TRIGGER_COUNT",
      hint: "give the number of elements after which the window fires, for instance CountTrigger.of(100)",
    });
  }

  onElement(
    _element: unknown,
    _timestamp: number,
    _window: Window,
    context: TriggerContext,
  ): TriggerResult {
    const count = context.getPartitionedState(this.#count);
    count.add(1);
    if ((count.get() ?? 0) < this.#max) return "CONTINUE";
    count.clear();
    return "FIRE";
  }

  onEventTime(): TriggerResult {
    return "CONTINUE";
  }

  onProcessingTime(): TriggerResult {
    return "CONTINUE";
  }

  onMerge(_window: Window, context: OnMergeContext): void {
    context.mergePartitionedState(this.#count);
  }

  clear(_window: Window, context: TriggerContext): void {
    context.getPartitionedState(this.#count).clear();
  }
}
