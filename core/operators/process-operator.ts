import { Operator, type OperatorSetup } from "../runtime/operator.ts";
import { TimestampedCollector } from "./collector.ts";
import { FunctionContext } from "./function-context.ts";
import type { ProcessFunction } from "./process-function.ts";
import { refusePromise } from "./promise-check.ts";
import { OperatorRuntimeContext } from "./runtime-context.ts";
import { KeylessTime } from "./timers.ts";
import type { UserFunction } from "./user-function.ts";

/** Runs a process function without key: no state, no timers. */
export class ProcessOperator<T, R> extends Operator<T, R> {
  readonly #function: ProcessFunction<T, R>;
  readonly #collector: TimestampedCollector<R>;
  readonly #time: KeylessTime;
  readonly #functionContext: FunctionContext;

  constructor(setup: OperatorSetup<R>, user: UserFunction<ProcessFunction<T, R>>) {
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

  process(value: T, timestamp: number): void {
    const collector = this.#collector;
    collector.timestamp = timestamp;
    const returned = this.#function.processElement(value, this.#functionContext, collector);
    if (returned !== undefined) refusePromise(returned, "processElement");
  }

  override watermark(timestamp: number): void {
    this.#time.watermark = timestamp;
    super.watermark(timestamp);
  }

  override async close(): Promise<void> {
    await this.#function.close?.();
  }
}
