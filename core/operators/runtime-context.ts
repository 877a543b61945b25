import { JobError } from "../errors.ts";
import type { MetricGroup } from "../ports/index.ts";
import type { Accumulators, OperatorContext } from "../runtime/operator.ts";
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  KeyedStateBackend,
  ListState,
  ListStateDescriptor,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from "../state/index.ts";

/**
 * What a function learns of its surroundings in `open`.
 *
 * The methods `get...State` are for functions given as a class, work behind keyBy, and only until
 * `open` has returned (JobError JOB_STATE_OUTSIDE_OPEN). An object declares its state instead.
 *
 * @example
 * class Counter implements KeyedProcessFunction<string, Order, number> {
 *   #count!: ValueState<number>;
 *   open(runtime: RuntimeContext) { this.#count = runtime.getState(valueState<number>("count")); }
 *   processElement(order: Order, ctx: KeyedContext<string>, out: Collector<number>) { ... }
 * }
 */
export interface RuntimeContext {
  /** The job's name. */
  readonly job: string;
  /** The operator's name. */
  readonly name: string;
  readonly uid: string;
  /** 0 <= subtask < parallelism. */
  readonly subtask: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** 0 on the first start, then the number of restarts. */
  readonly attempt: number;
  /** Metrics of this operator and subtask. */
  readonly metrics: MetricGroup;
  /** Sums that end up in the job's result. */
  readonly accumulators: Accumulators;
  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T>;
  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
  getMapState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): MapState<UK, UV>;
  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T>;
  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT>;
}

/**
 * The runtime context of one operator.
 *
 *   RC1  state is handed out only while `open` runs
 */
export class OperatorRuntimeContext implements RuntimeContext {
  readonly job: string;
  readonly name: string;
  readonly uid: string;
  readonly subtask: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly attempt: number;
  readonly metrics: MetricGroup;
  readonly accumulators: Accumulators;
  readonly #state: KeyedStateBackend | null;
  #opening = true;

  /** `state`: null for an operator without key. */
  constructor(context: OperatorContext, state: KeyedStateBackend | null) {
    this.job = context.job;
    this.name = context.name;
    this.uid = context.uid;
    this.subtask = context.subtask;
    this.parallelism = context.parallelism;
    this.maxParallelism = context.maxParallelism;
    this.attempt = context.attempt;
    this.metrics = context.metrics;
    this.accumulators = context.accumulators;
    this.#state = state;
  }

  /** `open` has returned (RC1). */
  opened(): void {
    this.#opening = false;
  }

  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.#stateFor(descriptor.name).valueState(descriptor);
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#stateFor(descriptor.name).listState(descriptor);
  }

  getMapState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): MapState<UK, UV> {
    return this.#stateFor(descriptor.name).mapState(descriptor);
  }

  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.#stateFor(descriptor.name).reducingState(descriptor);
  }

  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT> {
    return this.#stateFor(descriptor.name).aggregatingState(descriptor);
  }

  #stateFor(name: string): KeyedStateBackend {
    if (!this.#opening) {
      throw new JobError(`state "${name}" is asked for outside open`, {
        code: "JOB_STATE_OUTSIDE_OPEN",
        hint: "get the handle in open and keep it in a field, or declare the state in an object",
      });
    }
    if (this.#state === null) {
      throw new JobError(`state "${name}" is asked for in an operator without key`, {
        code: "JOB_STATE_WITHOUT_KEY",
        hint: "call keyBy before process",
      });
    }
    return this.#state;
  }
}
