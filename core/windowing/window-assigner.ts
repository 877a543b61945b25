import type { Trigger } from "./trigger.ts";
import type { Window } from "./window.ts";

export interface WindowAssignerContext {
  /** Milliseconds since the epoch. */
  readonly currentProcessingTime: number;
}

/**
 * Puts elements into windows; Flink's WindowAssigner. One object serves all subtasks, so it holds
 * no mutable fields. A new one needs nothing else from the engine.
 *
 * @example
 * // windows that end at each full hour, and hold the two hours before it
 * const assigner: WindowAssigner<unknown, TimeWindow> = {
 *   describe: "two hours",
 *   isEventTime: true,
 *   merges: false,
 *   assignWindows: (_element, timestamp) => { ... },
 *   getDefaultTrigger: () => EventTimeTrigger.create(),
 *   windowId: (window) => window.end,
 *   windowOf: (id) => new TimeWindow(Number(id) - 7_200_000, Number(id)),
 * };
 */
export interface WindowAssigner<T = unknown, W extends Window = Window> {
  /** For plans, e.g. `tumbling(1h)`. */
  readonly describe: string;
  /** Whether windows end by the watermark; else by processing time. */
  readonly isEventTime: boolean;
  /** Whether windows of one key that share an instant or touch become one. They must be TimeWindows. */
  readonly merges: boolean;
  /** Present when every window is `[offset + k * slide, + size)`: operators then need no list of windows. */
  readonly aligned?: AlignedWindows;
  /** The windows of an element, the newest first; empty when it belongs to none. */
  assignWindows(element: T, timestamp: number, context: WindowAssignerContext): readonly W[];
  /** The trigger of windows without a custom one. */
  getDefaultTrigger(): Trigger<T, W>;
  /** The name under which the window's state is kept. Equal windows have equal ids. */
  windowId(window: W): string | number;
  /** The window of an id that `windowId` made. */
  windowOf(id: string | number): W;
}

/** Windows at fixed places on the time axis, in milliseconds. */
export interface AlignedWindows {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
}
