import type { Counter } from "../ports/index.ts";
import { Operator } from "../runtime/operator.ts";
import type { OperatorSetup } from "../runtime/operator.ts";
import type { KeyedStateBackend } from "../state/index.ts";
import type { TimerService } from "../time/index.ts";
import { addMs, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../timestamp.ts";
import { requireTimestamp } from "./require-timestamp.ts";
import type { WindowAssigner, WindowAssignerContext } from "./window-assigner.ts";
import type { WindowContents } from "./window-contents.ts";
import { WindowEmitter } from "./window-emitter.ts";
import type { WindowSpec } from "./window-spec.ts";
import type { Window } from "./window.ts";

/** What all window operators share: the clock they go by, lateness, and the way results leave. */
export abstract class BaseWindowOperator
  extends Operator<unknown, unknown>
  implements WindowAssignerContext
{
  protected readonly state: KeyedStateBackend;
  protected readonly timers: TimerService;
  protected readonly assigner: WindowAssigner<unknown, Window>;
  protected readonly emitter: WindowEmitter;
  protected readonly contents: WindowContents;
  protected readonly isEventTime: boolean;
  protected readonly latenessMs: number;
  readonly #lateTag: string | null;
  readonly #lateDropped: Counter;

  constructor(setup: OperatorSetup<unknown>, spec: WindowSpec) {
    super(setup);
    const { context } = setup;
    this.state = context.state;
    this.timers = context.timers;
    this.assigner = spec.assigner;
    this.emitter = new WindowEmitter(spec.function, context, setup.out, setup.side);
    this.contents = this.emitter.contents;
    this.isEventTime = spec.assigner.isEventTime;
    this.latenessMs = this.isEventTime ? spec.allowedLatenessMs : 0;
    this.#lateTag = spec.lateTag;
    this.#lateDropped = context.metrics.counter("numLateRecordsDropped");
  }

  get currentProcessingTime(): number {
    return this.timers.currentProcessingTime;
  }

  /** When a window's state is dropped: its last instant plus the lateness, saturated (semantics 1). */
  protected cleanupTime(maxTimestamp: number): number {
    return addMs(maxTimestamp, this.latenessMs);
  }

  /**
   * What the watermark is to windows of this operator. Windows of processing time are never late
   * and never fire before their timer, so to them it is the smallest.
   */
  protected get passed(): number {
    return this.isEventTime ? this.timers.currentWatermark : MIN_TIMESTAMP;
  }

  /** All windows of an element are late (semantics 4). */
  protected late(value: unknown, timestamp: number): void {
    if (this.#lateTag === null) this.#lateDropped.inc();
    else this.side.emit(this.#lateTag, value, timestamp);
  }

  /** The time by which an element is put into aligned windows. */
  protected assignTime(value: unknown, timestamp: number): number {
    return this.isEventTime
      ? requireTimestamp(value, timestamp)
      : this.timers.currentProcessingTime;
  }

  /** A timer for all keys of a window. None at the end of time, unless the window itself ends there. */
  protected registerNamespace(namespace: string | number, timestamp: number): void {
    if (this.isEventTime) this.timers.registerNamespaceEventTime(namespace, timestamp);
    else if (timestamp < MAX_TIMESTAMP) {
      this.timers.registerNamespaceProcessingTime(namespace, timestamp);
    }
  }
}
