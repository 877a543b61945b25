import { type OperatorSetup, TwoInputOperator } from "../runtime/operator.ts";
import type { MapStateDescriptor } from "../state/index.ts";
import { KeyedBroadcastContext, WritingBroadcastContext } from "./broadcast-context.ts";
import type { BroadcastProcessFunction } from "./broadcast-function.ts";
import { BroadcastStates } from "./broadcast-states.ts";
import type { TimestampedCollector } from "./collector.ts";
import type { KeyedContextSetup } from "./function-context.ts";
import { KeyedFunction } from "./keyed-function.ts";
import type { Inputs } from "./process-function.ts";
import { refusePromise } from "./promise-check.ts";
import { KeylessTime } from "./timers.ts";
import type { UserFunction } from "./user-function.ts";

/** A process function beside a broadcast stream as a keyed operator calls it. */
export type KeyedBroadcastUserFunction = BroadcastProcessFunction<
  Inputs,
  unknown,
  KeyedBroadcastContext
>;

/**
 * Runs a process function whose first input is keyed and whose second is broadcast. Only the keyed
 * side has state and timers of a key; only the broadcast side writes broadcast state (semantics 19).
 */
export class KeyedBroadcastProcessOperator extends TwoInputOperator<unknown, unknown, unknown> {
  readonly #keyed: KeyedFunction<KeyedBroadcastUserFunction, KeyedBroadcastContext>;
  readonly #function: KeyedBroadcastUserFunction;
  readonly #descriptors: readonly MapStateDescriptor<unknown, unknown>[];
  readonly #collector: TimestampedCollector<unknown>;
  readonly #time: KeylessTime;
  #reading: KeyedBroadcastContext | null;
  #writing: WritingBroadcastContext | null;

  constructor(
    setup: OperatorSetup<unknown>,
    user: UserFunction<KeyedBroadcastUserFunction>,
    descriptors: readonly MapStateDescriptor<unknown, unknown>[],
  ) {
    super(setup);
    this.#keyed = new KeyedFunction(setup, user, (each) => this.#makeContexts(each));
    this.#function = this.#keyed.instance;
    this.#descriptors = descriptors;
    this.#collector = this.#keyed.collector;
    this.#time = new KeylessTime(setup.context.clock);
    this.#reading = null;
    this.#writing = null;
  }

  override async open(): Promise<void> {
    await this.#keyed.open();
  }

  /** Called by `open` of the function, before user code. */
  #makeContexts(setup: KeyedContextSetup): KeyedBroadcastContext {
    const states = new BroadcastStates(this.context.operatorState, this.#descriptors);
    this.#reading = new KeyedBroadcastContext(setup, states);
    this.#writing = new WritingBroadcastContext({ ...setup, timers: this.#time }, states);
    return this.#reading;
  }

  process(value: unknown, timestamp: number): void {
    this.#collector.timestamp = timestamp;
    const context = this.#reading as KeyedBroadcastContext; // O1: set by open
    const returned = this.#function.processElement(value, context, this.#collector);
    if (returned !== undefined) refusePromise(returned, "processElement");
  }

  process2(value: unknown, timestamp: number): void {
    this.context.state.clearCurrentKey();
    this.#collector.timestamp = timestamp;
    const context = this.#writing as WritingBroadcastContext; // O1: set by open
    const returned = this.#function.processBroadcastElement(value, context, this.#collector);
    if (returned !== undefined) refusePromise(returned, "processBroadcastElement");
  }

  override onEventTime(timestamp: number): void {
    this.#keyed.onTimer(timestamp, "event");
  }

  override onProcessingTime(timestamp: number): void {
    this.#keyed.onTimer(timestamp, "processing");
  }

  override watermark(timestamp: number): void {
    this.#time.watermark = timestamp;
    super.watermark(timestamp);
  }

  override async close(): Promise<void> {
    await this.#function.close?.();
  }
}
