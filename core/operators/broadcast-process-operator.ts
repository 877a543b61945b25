import { type OperatorSetup, TwoInputOperator } from "../runtime/operator.ts";
import type { MapStateDescriptor } from "../state/index.ts";
import { ReadingBroadcastContext, WritingBroadcastContext } from "./broadcast-context.ts";
import type { BroadcastProcessFunction } from "./broadcast-function.ts";
import { BroadcastStates } from "./broadcast-states.ts";
import { TimestampedCollector } from "./collector.ts";
import type { Inputs } from "./process-function.ts";
import { refusePromise } from "./promise-check.ts";
import { OperatorRuntimeContext } from "./runtime-context.ts";
import { KeylessTime } from "./timers.ts";
import type { UserFunction } from "./user-function.ts";

/** Runs a process function without key beside a broadcast stream, which is the second input. */
export class BroadcastProcessOperator<I extends Inputs, R> extends TwoInputOperator<I[0], I[1], R> {
  readonly #function: BroadcastProcessFunction<I, R>;
  readonly #descriptors: readonly MapStateDescriptor<unknown, unknown>[];
  readonly #collector: TimestampedCollector<R>;
  readonly #time: KeylessTime;
  #reading: ReadingBroadcastContext | null;
  #writing: WritingBroadcastContext | null;

  constructor(
    setup: OperatorSetup<R>,
    user: UserFunction<BroadcastProcessFunction<I, R>>,
    descriptors: readonly MapStateDescriptor<unknown, unknown>[],
  ) {
    super(setup);
    this.#function = user.create();
    this.#descriptors = descriptors;
    this.#collector = new TimestampedCollector(setup.out);
    this.#time = new KeylessTime(setup.context.clock);
    this.#reading = null;
    this.#writing = null;
  }

  override async open(): Promise<void> {
    const states = new BroadcastStates(this.context.operatorState, this.#descriptors);
    const setup = { collector: this.#collector, side: this.side, timers: this.#time };
    this.#reading = new ReadingBroadcastContext(setup, states);
    this.#writing = new WritingBroadcastContext(setup, states);
    const runtime = new OperatorRuntimeContext(this.context, null);
    await this.#function.open?.(runtime);
    runtime.opened();
  }

  process(value: I[0], timestamp: number): void {
    this.#collector.timestamp = timestamp;
    const context = this.#reading as ReadingBroadcastContext; // O1: set by open
    const returned = this.#function.processElement(value, context, this.#collector);
    if (returned !== undefined) refusePromise(returned, "processElement");
  }

  process2(value: I[1], timestamp: number): void {
    this.#collector.timestamp = timestamp;
    const context = this.#writing as WritingBroadcastContext; // O1: set by open
    const returned = this.#function.processBroadcastElement(value, context, this.#collector);
    if (returned !== undefined) refusePromise(returned, "processBroadcastElement");
  }

  override watermark(timestamp: number): void {
    this.#time.watermark = timestamp;
    super.watermark(timestamp);
  }

  override async close(): Promise<void> {
    await this.#function.close?.();
  }
}
