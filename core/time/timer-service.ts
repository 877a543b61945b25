import type { Clock } from "../ports/index.ts";
import type { KeyedStateBackend, StateScope } from "../state/index.ts";
import type { Budget } from "./budget.ts";

/** Who is called when timers fire: an operator. */
export interface TimerTarget {
  onEventTime(timestamp: number, scope: StateScope): void;
  onProcessingTime(timestamp: number, scope: StateScope): void;
  onNamespaceEventTime(timestamp: number, namespace: string | number): void;
  onNamespaceProcessingTime(timestamp: number, namespace: string | number): void;
}

export declare class TimerService {
  constructor(state: KeyedStateBackend, clock: Clock, target: TimerTarget);
  /** The watermark that timers have fired up to; MIN_WATERMARK at first and after a restore. */
  readonly currentWatermark: number;
  readonly currentProcessingTime: number;

  registerEventTime(scope: StateScope, timestamp: number): void;
  deleteEventTime(scope: StateScope, timestamp: number): void;
  registerProcessingTime(scope: StateScope, timestamp: number): void;
  deleteProcessingTime(scope: StateScope, timestamp: number): void;

  /** One timer for all keys of a namespace (a window's end). Cheap when it is already registered. */
  registerNamespaceEventTime(namespace: string | number, timestamp: number): void;
  deleteNamespaceEventTime(namespace: string | number, timestamp: number): void;
  registerNamespaceProcessingTime(namespace: string | number, timestamp: number): void;
  deleteNamespaceProcessingTime(namespace: string | number, timestamp: number): void;

  /**
   * Fires all event-time timers <= watermark in time order, also those that firing registers.
   * False: the budget ended first; call again with the same or a later watermark. `currentWatermark`
   * is the new watermark from the first call on.
   */
  advanceEventTime(watermark: number, budget: Budget): boolean;
  advanceProcessingTime(now: number, budget: Budget): boolean;
  /** The earliest processing-time timer, or null. */
  nextProcessingTime(): number | null;
}
