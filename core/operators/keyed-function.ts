import { assert } from "../assert.ts";
import type { OperatorSetup } from "../runtime/operator.ts";
import { TimestampedCollector } from "./collector.ts";
import { type KeyedContextSetup, KeyedFunctionContext } from "./function-context.ts";
import type { Collector } from "./functions.ts";
import type { Lifecycle, OnTimer, TimeDomain } from "./process-function.ts";
import { refusePromise } from "./promise-check.ts";
import { OperatorRuntimeContext } from "./runtime-context.ts";
import { KeyTimers } from "./timers.ts";
import type { UserFunction } from "./user-function.ts";

// The user's types end here; what the operators hand to a function is decided by its call of `process`.
type AnyKeyedFunction = Lifecycle & OnTimer<unknown, KeyedFunctionContext>;

/** A user function behind keyBy in one subtask: what all keyed operators do for theirs. */
export class KeyedFunction<F extends Lifecycle, C extends KeyedFunctionContext> {
  readonly instance: F;
  readonly collector: TimestampedCollector<unknown>;
  readonly #setup: OperatorSetup<unknown>;
  readonly #user: UserFunction<F>;
  readonly #makeContext: (setup: KeyedContextSetup) => C;
  #context: C | null = null;

  constructor(
    setup: OperatorSetup<unknown>,
    user: UserFunction<F>,
    makeContext: (setup: KeyedContextSetup) => C,
  ) {
    this.instance = user.create();
    this.collector = new TimestampedCollector(setup.out);
    this.#setup = setup;
    this.#user = user;
    this.#makeContext = makeContext;
  }

  get context(): C {
    assert(this.#context !== null, "O1: a function is used after open");
    return this.#context;
  }

  /** Makes the context, then opens the function. */
  async open(): Promise<void> {
    const { context, side } = this.#setup;
    const { state } = context;
    this.#context = this.#makeContext({
      collector: this.collector,
      side,
      timers: new KeyTimers(state, context.timers),
      backend: state,
      declarations: this.#user.declarations,
    });
    const runtime = new OperatorRuntimeContext(context, state);
    await this.instance.open?.(runtime);
    runtime.opened();
  }

  onTimer(timestamp: number, domain: TimeDomain): void {
    const instance = this.instance as AnyKeyedFunction;
    if (instance.onTimer === undefined) return;
    const { context } = this;
    context.fires(timestamp, domain);
    const out: Collector<unknown> = this.collector;
    const returned: unknown = instance.onTimer(timestamp, context, out);
    context.fired();
    if (returned !== undefined) refusePromise(returned, "onTimer");
  }
}

export function keyedContext(setup: KeyedContextSetup): KeyedFunctionContext {
  return new KeyedFunctionContext(setup);
}
