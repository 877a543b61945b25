import { type OperatorSetup, TwoInputOperator } from "../runtime/operator.ts";
import { TimestampedCollector } from "./collector.ts";
import { FunctionContext } from "./function-context.ts";
import type { CoProcessFunction, Inputs } from "./process-function.ts";
import { refusePromise } from "./promise-check.ts";
import { OperatorRuntimeContext } from "./runtime-context.ts";
import { KeylessTime } from "./timers.ts";
import type { UserFunction } from "./user-function.ts";

/** Runs a process function over two inputs without key: no state, no timers. */
export class CoProcessOperator<I extends Inputs, R> extends TwoInputOperator<I[0], I[1], R> {
  readonly #function: CoProcessFunction<I, R>;
  readonly #collector: TimestampedCollector<R>;
  readonly #time: KeylessTime;
  readonly #functionContext: FunctionContext;

  constructor(setup: OperatorSetup<R>, user: UserFunction<CoProcessFunction<I, R>>) {
    super(setup);
    this.#function = user.create();
    this.#collector = new TimestampedCollector(setup.out);
    this.#time = new KeylessTime(setup.context.clock);
    this.#functionContext = new FunctionContext({
      collector: this.#collector,
      side: setup.side,
      timers: this.#time,
    });
  }

  override async open(): Promise<void> {
    const runtime = new OperatorRuntimeContext(this.context, null);
    await this.#function.open?.(runtime);
    runtime.opened();
  }

  process(value: I[0], timestamp: number): void {
    this.#collector.timestamp = timestamp;
    const returned = this.#function.processElement1(value, this.#functionContext, this.#collector);
    if (returned !== undefined) refusePromise(returned, "processElement1");
  }

  process2(value: I[1], timestamp: number): void {
    this.#collector.timestamp = timestamp;
    const returned = this.#function.processElement2(value, this.#functionContext, this.#collector);
    if (returned !== undefined) refusePromise(returned, "processElement2");
  }

  override watermark(timestamp: number): void {
    this.#time.watermark = timestamp;
    super.watermark(timestamp);
  }

  override async close(): Promise<void> {
    await this.#function.close?.();
  }
}
