import { MetricRegistry } from "../../../core/runtime/metric-registry.ts";
import type { Operator, OperatorContext, Output } from "../../../core/runtime/operator.ts";
import { TimerRelay } from "../../../core/runtime/timer-relay.ts";
import type { Key } from "../../../core/record/key.ts";
import { KeyedStateBackend, OperatorStateStore } from "../../../core/state/index.ts";
import { TimerService } from "../../../core/time/index.ts";
import type { Budget } from "../../../core/time/index.ts";
import { windowOperator } from "../../../core/windowing/index.ts";
import type { WindowSpec } from "../../../core/windowing/index.ts";

/** A record that left the operator. */
export interface Emission {
  readonly value: unknown;
  readonly timestamp: number;
}

export interface SideEmission extends Emission {
  readonly tag: string;
}

export interface HarnessOptions {
  readonly strict?: boolean;
  readonly undoable?: boolean;
  /** Makes another operator than the one the plan chooses. */
  readonly create?: ReturnType<typeof windowOperator>["create"];
  /** Snapshot files of keyed state to begin with. */
  readonly restore?: readonly Uint8Array[];
}

export const UNBOUNDED: Budget = { exhausted: () => false };

/** Ends every advance after `timers` timers. */
export function budgetOf(timers: number): Budget {
  let left = timers;
  return { exhausted: () => --left <= 0 };
}

/** One window operator with real state and timers, and a clock that stands until it is moved. */
export class WindowHarness {
  readonly state: KeyedStateBackend;
  readonly timers: TimerService;
  readonly operator: Operator<unknown, unknown>;
  readonly metrics: MetricRegistry = new MetricRegistry();
  now = 0;
  readonly #spec: WindowSpec;
  readonly #options: HarnessOptions;
  readonly #files: Uint8Array[] = [];
  #emitted: Emission[] = [];
  #side: SideEmission[] = [];

  constructor(spec: WindowSpec, options: HarnessOptions = {}) {
    this.#spec = spec;
    this.#options = options;
    const clock = { now: () => this.now };
    const strict = options.strict ?? false;
    const range = { maxParallelism: 128, firstKeyGroup: 0, lastKeyGroup: 127 };
    this.state = new KeyedStateBackend({ ...range, clock, strict });
    if (options.undoable === true) this.state.enableJournal();
    if (options.restore !== undefined) this.state.restore(options.restore);
    const relay = new TimerRelay();
    this.timers = new TimerService(this.state, clock, relay);
    const context: OperatorContext = {
      job: "test",
      uid: "window",
      name: "window",
      subtask: 0,
      parallelism: 1,
      maxParallelism: 128,
      attempt: 0,
      clock,
      metrics: this.metrics,
      state: this.state,
      timers: this.timers,
      operatorState: new OperatorStateStore(),
      accumulators: { add: () => {} },
      strict,
      undoable: options.undoable ?? false,
      afterRecord: (action) => action(),
      print: () => {},
    };
    const out: Output<unknown> = {
      process: (value, timestamp) => this.#emitted.push({ value, timestamp }),
      watermark: () => {},
      status: () => {},
    };
    const side = {
      emit: (tag: string, value: unknown, timestamp: number) =>
        this.#side.push({ tag, value, timestamp }),
    };
    const create = options.create ?? windowOperator(spec).create;
    this.operator = create({ context, out, side }) as Operator<unknown, unknown>;
    relay.target = this.operator;
  }

  /** Snapshots keyed state: the whole first, then what changed. */
  checkpoint(): void {
    const file = this.#files.length === 0 ? this.state.snapshotFull() : this.state.snapshotDelta();
    if (file !== null) this.#files.push(file);
  }

  /** The same operator after a failure: state from a checkpoint taken now, no watermark. */
  restarted(): WindowHarness {
    this.checkpoint();
    return new WindowHarness(this.#spec, { ...this.#options, restore: this.#files });
  }

  send(key: Key, value: unknown, timestamp: number): void {
    this.state.setCurrentKey(key);
    this.operator.process(value, timestamp);
  }

  /** False when the budget ended the advance. */
  watermark(timestamp: number, budget: Budget = UNBOUNDED): boolean {
    const done = this.timers.advanceEventTime(timestamp, budget);
    if (done) this.operator.watermark(timestamp);
    return done;
  }

  processingTime(now: number, budget: Budget = UNBOUNDED): boolean {
    this.now = now;
    return this.timers.advanceProcessingTime(now, budget);
  }

  /** What was emitted since the last call. */
  take(): Emission[] {
    const taken = this.#emitted;
    this.#emitted = [];
    return taken;
  }

  values(): unknown[] {
    return this.take().map((emission) => emission.value);
  }

  takeSide(): SideEmission[] {
    const taken = this.#side;
    this.#side = [];
    return taken;
  }

  get lateDropped(): number {
    return this.metrics.counter("numLateRecordsDropped").count;
  }

  /** Tables of windows that are still there. */
  get openNamespaces(): number {
    return [...this.state.namespaces()].length;
  }
}
