import type {
  AggregatingState,
  AggregatingStateDescriptor,
  ListState,
  ListStateDescriptor,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  StateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from "../state/index.ts";
import type { Window } from "./window.ts";

/**
 * What happens to a window after a trigger looked at it. FIRE emits the result and keeps the
 * contents, PURGE drops the contents, FIRE_AND_PURGE does both in this order.
 */
export type TriggerResult = "CONTINUE" | "FIRE" | "PURGE" | "FIRE_AND_PURGE";

/** The handle that belongs to a state descriptor. */
export type StateOf<D> =
  D extends ValueStateDescriptor<infer T>
    ? ValueState<T>
    : D extends ListStateDescriptor<infer T>
      ? ListState<T>
      : D extends MapStateDescriptor<infer UK, infer UV>
        ? MapState<UK, UV>
        : D extends ReducingStateDescriptor<infer T>
          ? ReducingState<T>
          : D extends AggregatingStateDescriptor<infer IN, infer _ACC, infer OUT>
            ? AggregatingState<IN, OUT>
            : never;

/** What a trigger may use, for the key and the window at hand. */
export interface TriggerContext {
  /** The watermark of the operator, -(2^53 - 1) before the first one. */
  readonly currentWatermark: number;
  /** Milliseconds since the epoch. */
  readonly currentProcessingTime: number;
  /** Calls `onEventTime` when the watermark reaches `timestamp`. Registering twice is once. */
  registerEventTimeTimer(timestamp: number): void;
  deleteEventTimeTimer(timestamp: number): void;
  registerProcessingTimeTimer(timestamp: number): void;
  deleteProcessingTimeTimer(timestamp: number): void;
  /** State of this key and window. The descriptor must stand in the trigger's `states`. */
  getPartitionedState<D extends StateDescriptor>(descriptor: D): StateOf<D>;
}

/** The context of `Trigger.onMerge`: the window is the merged one. */
export interface OnMergeContext extends TriggerContext {
  /**
   * Adds the state of the merged windows to the state of the window at hand. Works for list,
   * reducing and aggregating state; other kinds cannot be added up and are an error.
   */
  mergePartitionedState(descriptor: StateDescriptor): void;
}

/**
 * Decides when a window emits its result; Flink's Trigger. A trigger object holds no mutable
 * fields: it serves all keys, windows and subtasks, and keeps what it must remember in state.
 *
 * A custom trigger replaces the assigner's own (semantics 7). At the window's cleanup time
 * `onEventTime` (or `onProcessingTime`) is called too, as in Flink.
 *
 * @example
 * // fires with every element
 * const everyElement: Trigger = {
 *   describe: "every element",
 *   onElement: () => "FIRE",
 *   onEventTime: () => "CONTINUE",
 *   onProcessingTime: () => "CONTINUE",
 *   clear: () => {},
 * };
 */
export interface Trigger<T = unknown, W extends Window = Window> {
  /** For plans, e.g. `count(3)`. */
  readonly describe: string;
  /** State that `getPartitionedState` may be asked for. */
  readonly states?: readonly StateDescriptor[];
  onElement(element: T, timestamp: number, window: W, context: TriggerContext): TriggerResult;
  onEventTime(timestamp: number, window: W, context: TriggerContext): TriggerResult;
  onProcessingTime(timestamp: number, window: W, context: TriggerContext): TriggerResult;
  /** Present when the trigger works for session windows: `window` is the merged one. */
  onMerge?(window: W, context: OnMergeContext): void;
  /** Deletes the timers and the state of the window. */
  clear(window: W, context: TriggerContext): void;
}

/** Whether a result emits the window. */
export function fires(result: TriggerResult): boolean {
  return result === "FIRE" || result === "FIRE_AND_PURGE";
}

/** Whether a result drops the window's contents. */
export function purges(result: TriggerResult): boolean {
  return result === "PURGE" || result === "FIRE_AND_PURGE";
}
