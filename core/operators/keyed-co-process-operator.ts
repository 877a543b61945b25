import { type OperatorSetup, TwoInputOperator } from "../runtime/operator.ts";
import type { TimestampedCollector } from "./collector.ts";
import type { KeyedFunctionContext } from "./function-context.ts";
import { KeyedFunction, keyedContext } from "./keyed-function.ts";
import type { CoProcessFunction, Inputs } from "./process-function.ts";
import { refusePromise } from "./promise-check.ts";
import type { UserFunction } from "./user-function.ts";

/** A process function over two inputs as a keyed operator calls it. */
export type KeyedCoUserFunction = CoProcessFunction<Inputs, unknown, KeyedFunctionContext>;

/** Runs a process function over two keyed inputs, which share state and timers of a key. */
export class KeyedCoProcessOperator extends TwoInputOperator<unknown, unknown, unknown> {
  readonly #keyed: KeyedFunction<KeyedCoUserFunction, KeyedFunctionContext>;
  readonly #function: KeyedCoUserFunction;
  readonly #collector: TimestampedCollector<unknown>;
  #functionContext: KeyedFunctionContext | null;

  constructor(setup: OperatorSetup<unknown>, user: UserFunction<KeyedCoUserFunction>) {
    super(setup);
    this.#keyed = new KeyedFunction(setup, user, keyedContext);
    this.#function = this.#keyed.instance;
    this.#collector = this.#keyed.collector;
    this.#functionContext = null;
  }

  override async open(): Promise<void> {
    await this.#keyed.open();
    this.#functionContext = this.#keyed.context;
  }

  process(value: unknown, timestamp: number): void {
    this.#collector.timestamp = timestamp;
    const context = this.#functionContext as KeyedFunctionContext; // O1: set by open
    const returned = this.#function.processElement1(value, context, this.#collector);
    if (returned !== undefined) refusePromise(returned, "processElement1");
  }

  process2(value: unknown, timestamp: number): void {
    this.#collector.timestamp = timestamp;
    const context = this.#functionContext as KeyedFunctionContext; // O1: set by open
    const returned = this.#function.processElement2(value, context, this.#collector);
    if (returned !== undefined) refusePromise(returned, "processElement2");
  }

  override onEventTime(timestamp: number): void {
    this.#keyed.onTimer(timestamp, "event");
  }

  override onProcessingTime(timestamp: number): void {
    this.#keyed.onTimer(timestamp, "processing");
  }

  override async close(): Promise<void> {
    await this.#function.close?.();
  }
}
