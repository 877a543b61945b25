import { StreamExecutionEnvironment } from "../../../core/api/index.ts";
import { MetricRegistry } from "../../../core/runtime/metric-registry.ts";
import {
  type Operator,
  type OperatorContext,
  type Output,
  TwoInputOperator,
} from "../../../core/runtime/operator.ts";
import type { OperatorImplementation } from "../../../core/runtime/program.ts";
import { TimerRelay } from "../../../core/runtime/timer-relay.ts";
import {
  KeyedStateBackend,
  OperatorStateStore,
  type StateDescriptor,
} from "../../../core/state/index.ts";
import { TimerService } from "../../../core/time/index.ts";
import { MIN_TIMESTAMP } from "../../../core/timestamp.ts";

/** What left an operator: `value@timestamp`, `tag:value@timestamp`, `watermark w`, `idle`, `active`. */
export type Event = string;

/** Describes a job. */
export type Build = (env: StreamExecutionEnvironment) => unknown;

const NEVER = { exhausted: (): boolean => false };

/** The newest operator of a job, in one subtask with real state and timers. */
export class OperatorHarness {
  now = 0;
  readonly state: KeyedStateBackend;
  readonly operatorState: OperatorStateStore;
  readonly accumulators = new Map<string, number>();
  readonly operator: Operator<unknown, unknown>;
  /** Keyed state the plan knows of. */
  readonly states: readonly StateDescriptor[];
  readonly #timers: TimerService;
  readonly #implementation: OperatorImplementation;
  #events: Event[] = [];

  constructor(of: Build | OperatorImplementation, subtask = 0) {
    this.#implementation = typeof of === "function" ? newestOperator(of) : of;
    this.states = this.#implementation.states;
    const clock = { now: () => this.now };
    const range = { maxParallelism: 128, firstKeyGroup: 0, lastKeyGroup: 127 };
    this.state = new KeyedStateBackend({ ...range, clock, strict: true });
    this.operatorState = new OperatorStateStore({ strict: true });
    const relay = new TimerRelay();
    this.#timers = new TimerService(this.state, clock, relay);
    for (const descriptor of this.#implementation.states) this.state.column(descriptor);
    const context: OperatorContext = {
      job: "job",
      uid: "operator",
      name: "operator",
      subtask,
      parallelism: 2,
      maxParallelism: 128,
      attempt: 0,
      clock,
      metrics: new MetricRegistry(),
      state: this.state,
      timers: this.#timers,
      operatorState: this.operatorState,
      accumulators: {
        add: (name, by) => this.accumulators.set(name, (this.accumulators.get(name) ?? 0) + by),
      },
      strict: true,
      undoable: false,
      afterRecord: (action) => action(),
      print: () => {},
    };
    const side = {
      emit: (tag: string, value: unknown, timestamp: number) =>
        this.#emit(`${tag}:${text(value)}${at(timestamp)}`),
    };
    this.operator = this.#implementation.create({ context, out: this.#output(), side });
    relay.target = this.operator;
  }

  async open(): Promise<this> {
    await this.operator.open();
    return this;
  }

  /** A record on the first input; without a timestamp it has none. */
  send(value: unknown, timestamp: number = MIN_TIMESTAMP): void {
    this.#setKey(0, value);
    this.operator.process(value, timestamp);
  }

  /** A record on the second input. */
  send2(value: unknown, timestamp: number = MIN_TIMESTAMP): void {
    if (!(this.operator instanceof TwoInputOperator)) throw new Error("it has one input");
    this.#setKey(1, value);
    this.operator.process2(value, timestamp);
  }

  watermark(timestamp: number): void {
    this.#timers.advanceEventTime(timestamp, NEVER);
    this.operator.watermark(timestamp);
  }

  clock(now: number): void {
    this.now = now;
    this.#timers.advanceProcessingTime(now, NEVER);
  }

  endTurn(): number | null {
    return this.operator.onTurnEnd?.(this.now) ?? null;
  }

  /** What left the operator since the last call. */
  events(): Event[] {
    return this.#events.splice(0);
  }

  #setKey(input: 0 | 1, value: unknown): void {
    const select = this.#implementation.keys[input];
    if (select !== null) this.state.setCurrentKey(select(value as never));
  }

  #output(): Output<unknown> {
    return {
      process: (value, timestamp) => this.#emit(`${text(value)}${at(timestamp)}`),
      watermark: (timestamp) => this.#emit(`watermark ${timestamp}`),
      status: (idle) => this.#emit(idle ? "idle" : "active"),
    };
  }

  #emit(event: Event): void {
    this.#events.push(event);
  }
}

/** The harness of an operator, opened. */
export function opened(build: Build): Promise<OperatorHarness> {
  return new OperatorHarness(build).open();
}

/** The implementation of the newest operator, as all its subtasks get it. */
export function newestOperator(build: Build): OperatorImplementation {
  const env = new StreamExecutionEnvironment();
  build(env);
  const implementation = env.transformations.at(-1)?.implementation;
  if (implementation?.kind !== "operator") throw new Error("the newest is no operator");
  return implementation;
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "bigint" ? `${inner}n` : inner,
  );
}

function at(timestamp: number): string {
  return timestamp === MIN_TIMESTAMP ? "" : `@${timestamp}`;
}
