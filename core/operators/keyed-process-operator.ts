import { Operator, type OperatorSetup } from "../runtime/operator.ts";
import type { TimestampedCollector } from "./collector.ts";
import type { KeyedFunctionContext } from "./function-context.ts";
import { KeyedFunction, keyedContext } from "./keyed-function.ts";
import type { ProcessFunction } from "./process-function.ts";
import { refusePromise } from "./promise-check.ts";
import type { UserFunction } from "./user-function.ts";

/** A process function as a keyed operator calls it. */
export type KeyedUserFunction = ProcessFunction<unknown, unknown, KeyedFunctionContext>;

/** Runs a process function behind keyBy, with state and timers of the current key. */
export class KeyedProcessOperator extends Operator<unknown, unknown> {
  readonly #keyed: KeyedFunction<KeyedUserFunction, KeyedFunctionContext>;
  readonly #function: KeyedUserFunction;
  readonly #collector: TimestampedCollector<unknown>;
  #functionContext: KeyedFunctionContext | null;

  constructor(setup: OperatorSetup<unknown>, user: UserFunction<KeyedUserFunction>) {
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
    const collector = this.#collector;
    collector.timestamp = timestamp;
    const context = this.#functionContext as KeyedFunctionContext; // O1: set by open
    const returned = this.#function.processElement(value, context, collector);
    if (returned !== undefined) refusePromise(returned, "processElement");
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
