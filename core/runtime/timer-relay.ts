import type { StateScope } from "../state/index.ts";
import type { TimerTarget } from "../time/index.ts";

/** Lets a timer service exist before the operator that its timers call. */
export class TimerRelay implements TimerTarget {
  target: TimerTarget | null = null;

  onEventTime(timestamp: number, scope: StateScope): void {
    this.target?.onEventTime(timestamp, scope);
  }

  onProcessingTime(timestamp: number, scope: StateScope): void {
    this.target?.onProcessingTime(timestamp, scope);
  }

  onNamespaceEventTime(timestamp: number, namespace: string | number): void {
    this.target?.onNamespaceEventTime(timestamp, namespace);
  }

  onNamespaceProcessingTime(timestamp: number, namespace: string | number): void {
    this.target?.onNamespaceProcessingTime(timestamp, namespace);
  }
}
