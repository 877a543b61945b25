import type { Key } from "../record/key.ts";
import type { SideOutputs } from "../runtime/operator.ts";
import type { KeyedStateBackend } from "../state/index.ts";
import { NO_TIMESTAMP } from "../timestamp.ts";
import type { TimestampedCollector } from "./collector.ts";
import {
  type NoState,
  type StateDeclarations,
  type StateHandles,
  stateHandles,
} from "./declared-state.ts";
import type { OutputTag } from "./output-tag.ts";
import type { KeyedContext, ProcessContext, TimeDomain } from "./process-function.ts";
import type { KeyTimers, OperatorTime } from "./timers.ts";

/** What a context is made from. */
export interface ContextSetup {
  readonly collector: TimestampedCollector<unknown>;
  readonly side: SideOutputs;
  readonly timers: OperatorTime;
}

export interface KeyedContextSetup extends ContextSetup {
  readonly timers: KeyTimers;
  readonly backend: KeyedStateBackend;
  /** State whose handles go into `state`. */
  readonly declarations: StateDeclarations;
}

/** The context of functions without key: one per operator, for the record that the collector is at. */
export class FunctionContext implements ProcessContext {
  readonly timers: OperatorTime;
  protected readonly collector: TimestampedCollector<unknown>;
  readonly #side: SideOutputs;

  constructor(setup: ContextSetup) {
    this.timers = setup.timers;
    this.collector = setup.collector;
    this.#side = setup.side;
  }

  timestamp(): number | null {
    const { timestamp } = this.collector;
    return timestamp === NO_TIMESTAMP ? null : timestamp;
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#side.emit(tag.id, value, this.collector.timestamp);
  }
}

/**
 * The context of functions behind keyBy: one per operator.
 *
 *   FC1  while a timer fires, `timestamp` is the timer's time in both domains, but only results of
 *        event-time timers carry it (semantics 20)
 */
export class KeyedFunctionContext extends FunctionContext implements KeyedContext<Key> {
  declare readonly timers: KeyTimers;
  readonly state: StateHandles<NoState>;
  readonly #backend: KeyedStateBackend;
  #domain: TimeDomain;
  #firing: boolean;
  #timerTimestamp: number;

  constructor(setup: KeyedContextSetup) {
    super(setup);
    this.state = stateHandles(setup.backend, setup.declarations);
    this.#backend = setup.backend;
    this.#domain = "event";
    this.#firing = false;
    this.#timerTimestamp = NO_TIMESTAMP;
  }

  override timestamp(): number | null {
    return this.#firing ? this.#timerTimestamp : super.timestamp();
  }

  getCurrentKey(): Key {
    return this.#backend.currentKey();
  }

  timeDomain(): TimeDomain {
    return this.#domain;
  }

  /** A timer starts to fire: time is its time until `fired` (FC1). */
  fires(timestamp: number, domain: TimeDomain): void {
    this.#firing = true;
    this.#domain = domain;
    this.#timerTimestamp = timestamp;
    this.collector.timestamp = domain === "event" ? timestamp : NO_TIMESTAMP;
  }

  fired(): void {
    this.#firing = false;
  }
}
