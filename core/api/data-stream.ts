import { printSink } from "../connector/index.ts";
import type { Sink } from "../connector/index.ts";
import type { Duration } from "../duration.ts";
import { PlanError } from "../errors.ts";
import { FilterOperator } from "../operators/filter-operator.ts";
import { FlatMapOperator } from "../operators/flat-map-operator.ts";
import type {
  FilterFunction,
  FlatMapFunction,
  FunctionClass,
  OutputTag,
  ProcessFunction,
  Sync,
} from "../operators/index.ts";
import { MapOperator } from "../operators/map-operator.ts";
import { ProcessOperator } from "../operators/process-operator.ts";
import { TimestampsAndWatermarksOperator } from "../operators/timestamps-and-watermarks-operator.ts";
import { requireFunction, userFunction } from "../operators/user-function.ts";
import type { Key } from "../record/key.ts";
import type { WatermarkStrategy } from "../time/index.ts";
import { BroadcastConnectedStream } from "./broadcast-connected-stream.ts";
import { type AnyMapState, BroadcastStream } from "./broadcast-stream.ts";
import {
  refuseState,
  requireConnector,
  requireInstance,
  requireOutputTag,
  requireSamePipeline,
  requireWatermarkStrategy,
} from "./checks.ts";
import { ConnectedStreams } from "./connected-streams.ts";
import { type CustomOperator, customOperator } from "./custom-operator.ts";
import { DataStreamSink } from "./data-stream-sink.ts";
import { KeyedStream } from "./keyed-stream.ts";
import { OperatorSettings } from "./operator-settings.ts";
import {
  EVERY_WATERMARK,
  type NewTransformation,
  type StreamOrigin,
  inputsFrom,
  partitioned,
  stateless,
} from "./pipeline.ts";

/**
 * A stream of records of type T. Its methods describe operators; nothing runs until the job does.
 *
 * @example
 * env.fromCollection(["a b", "c"])
 *   .flatMap((line, out: Collector<string>) => line.split(" ").forEach((word) => out.collect(word)))
 *   .filter((word) => word !== "a")
 *   .print();
 */
export class DataStream<T> {
  /** @internal */
  readonly origin: StreamOrigin;
  /** Only a type: the records' type. */
  declare readonly _type?: T;

  /** @internal */
  constructor(origin: StreamOrigin) {
    this.origin = origin;
  }

  /**
   * One result per record.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example flights.map((flight) => flight.delay)
   */
  map<R>(map: (value: T) => Sync<R>): SingleOutputStreamOperator<R> {
    requireFunction(map, "map", "map((value) => value.amount)");
    return this.#operator<R>({
      kind: "map",
      implementation: stateless((setup) => new MapOperator<T, R>(setup, map)),
    });
  }

  /**
   * Keeps the records for which `filter` returns true. A type guard narrows the stream's type.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example flights.filter((flight) => flight.delay > 15)
   */
  filter<S extends T>(filter: (value: T) => value is S): SingleOutputStreamOperator<S>;
  filter(filter: FilterFunction<T>): SingleOutputStreamOperator<T>;
  filter(filter: FilterFunction<T>): SingleOutputStreamOperator<T> {
    requireFunction(filter, "filter", "filter((value) => value.amount > 0)");
    return this.#operator<T>({
      kind: "filter",
      implementation: stateless((setup) => new FilterOperator<T>(setup, filter)),
    });
  }

  /**
   * Any number of results per record. Annotate `out` with the type of the results.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example lines.flatMap((line, out: Collector<string>) => line.split(" ").forEach((word) => out.collect(word)))
   */
  flatMap<R>(flatMap: FlatMapFunction<T, R>): SingleOutputStreamOperator<R> {
    requireFunction(flatMap, "flatMap", "flatMap((value, out) => out.collect(value))");
    return this.#operator<R>({
      kind: "flat-map",
      implementation: stateless((setup) => new FlatMapOperator<T, R>(setup, flatMap)),
    });
  }

  /**
   * Runs a process function without key: with timestamps, side outputs and the current watermark.
   * State and timers need `keyBy` first. An object serves all subtasks; of a class each gets its own.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example
   * orders.process({
   *   processElement(order, ctx, out: Collector<Order>) {
   *     if (order.amount < 0) ctx.output(rejected, order);
   *     else out.collect(order);
   *   },
   * })
   */
  process<R>(
    fn: ProcessFunction<T, R> | FunctionClass<ProcessFunction<T, R>>,
  ): SingleOutputStreamOperator<R> {
    const user = userFunction<ProcessFunction<T, R>>(fn, ["processElement"], "process");
    refuseState(user.states, "process");
    return this.#operator<R>({
      kind: "process",
      watermarkSteps: EVERY_WATERMARK,
      implementation: stateless((setup) => new ProcessOperator<T, R>(setup, user)),
    });
  }

  /**
   * An operator of your own: a subclass of `Operator`.
   *
   * @throws PlanError PLAN_FUNCTION, PLAN_STATE
   * @example stream.transform<string>("tail", { create: (setup) => new TailOperator(setup) })
   */
  transform<R>(name: string, operator: CustomOperator): SingleOutputStreamOperator<R> {
    return this.#operator<R>(customOperator(name, operator, [null, null]));
  }

  /** All records of both streams, in no particular order. */
  union(...others: readonly DataStream<T>[]): DataStream<T> {
    const { pipeline } = this.origin;
    for (const other of others) {
      requireInstance(other, DataStream, "union", "pass other streams of the same type");
      requireSamePipeline(pipeline, other.origin.pipeline, "union");
    }
    const inputs = [this, ...others].flatMap((stream) => stream.origin.inputs);
    return new DataStream<T>({ pipeline, inputs });
  }

  /**
   * Brings two streams of different types together in one operator, or a stream and broadcast state.
   *
   * @throws PlanError PLAN_ARGUMENT, PLAN_OTHER_ENVIRONMENT
   * @example orders.connect(payments).map((order) => order.id, (payment) => payment.orderId)
   */
  connect<U>(other: BroadcastStream<U>): BroadcastConnectedStream<T, U>;
  connect<U>(other: DataStream<U>): ConnectedStreams<T, U>;
  connect<U>(
    other: DataStream<U> | BroadcastStream<U>,
  ): ConnectedStreams<T, U> | BroadcastConnectedStream<T, U> {
    const { pipeline } = this.origin;
    if (other instanceof BroadcastStream) {
      requireSamePipeline(pipeline, other.origin.pipeline, "connect");
      return new BroadcastConnectedStream<T, U>(this.origin, other);
    }
    const hint =
      "pass a stream or stream.broadcast(descriptor); keyed streams connect with each other";
    requireInstance(other, DataStream<U>, "connect", hint);
    requireSamePipeline(pipeline, other.origin.pipeline, "connect");
    return new ConnectedStreams<T, U>(this, other);
  }

  /**
   * Groups the records by key. Keys are strings, numbers, bigints, booleans, dates, or arrays of
   * these, and compare by value.
   *
   * @throws PlanError PLAN_FUNCTION
   * @example orders.keyBy((order) => [order.shop, order.id])
   */
  keyBy<const K extends Key>(key: (value: T) => K): KeyedStream<T, K> {
    requireFunction(key, "keyBy", "keyBy((value) => value.id)");
    return new KeyedStream<T, K>(partitioned(this.origin, "hash"), key);
  }

  /**
   * Windows belong to a key: this is a type error that says so, and a PlanError in JavaScript.
   *
   * @throws PlanError PLAN_NOT_KEYED
   */
  window(_assigner: "call keyBy(...) before window(...)"): never {
    throw new PlanError("window is called on a stream without key", {
      code: "PLAN_NOT_KEYED",
      hint: "call keyBy(...) before it; keyBy(() => 0) puts all records under one key",
    });
  }

  /** Gives each record event time and makes watermarks; those from upstream end here. */
  assignTimestampsAndWatermarks(strategy: WatermarkStrategy<T>): SingleOutputStreamOperator<T> {
    requireWatermarkStrategy(strategy, "assignTimestampsAndWatermarks");
    return this.#operator<T>({
      kind: "timestamps-and-watermarks",
      config: { watermarks: strategy.describe },
      implementation: stateless((setup) => new TimestampsAndWatermarksOperator<T>(setup, strategy)),
    });
  }

  /** Spreads the records evenly over all subtasks of the next operator. */
  rebalance(): DataStream<T> {
    return new DataStream<T>(partitioned(this.origin, "rebalance"));
  }

  /** Spreads the records evenly over few near subtasks of the next operator. */
  rescale(): DataStream<T> {
    return new DataStream<T>(partitioned(this.origin, "rescale"));
  }

  /** Spreads the records at random. */
  shuffle(): DataStream<T> {
    return new DataStream<T>(partitioned(this.origin, "shuffle"));
  }

  /** Sends all records to the first subtask of the next operator. */
  global(): DataStream<T> {
    return new DataStream<T>(partitioned(this.origin, "global"));
  }

  /** Sends the records to the subtask of the same number; needs equal parallelism. */
  forward(): DataStream<T> {
    return new DataStream<T>(partitioned(this.origin, "forward"));
  }

  /**
   * Sends every record to all subtasks of the next operator. With descriptors: as the writing side
   * of broadcast state, to be connected with another stream.
   *
   * @throws PlanError PLAN_STATE
   * @example
   * const rules = mapState<string, Rule>("rules");
   * orders.connect(updates.broadcast(rules)).process({ ... })
   */
  broadcast(): DataStream<T>;
  broadcast(descriptor: AnyMapState, ...more: readonly AnyMapState[]): BroadcastStream<T>;
  broadcast(...descriptors: readonly AnyMapState[]): DataStream<T> | BroadcastStream<T> {
    const origin = partitioned(this.origin, "broadcast");
    if (descriptors.length === 0) return new DataStream<T>(origin);
    return new BroadcastStream<T>(origin, descriptors);
  }

  /**
   * Ends the stream in a sink.
   *
   * @throws PlanError PLAN_CONNECTOR
   * @example rows.sinkTo(fileSink({ path: "out", format: ndjson() })).uid("rows")
   */
  sinkTo(sink: Sink<T>): DataStreamSink {
    requireConnector(sink, ["createWriter"], "sinkTo");
    const transformation = this.origin.pipeline.add({
      kind: "sink",
      inputs: inputsFrom(this.origin, 0),
      config: { sink: sink.describe },
      implementation: { kind: "sink", sink },
    });
    return new DataStreamSink(transformation);
  }

  /** Prints every record as a line on the job's standard output. */
  print(label?: string): DataStreamSink {
    return this.sinkTo(printSink<T>(label === undefined ? {} : { label }));
  }

  #operator<R>(added: Omit<NewTransformation, "inputs">): SingleOutputStreamOperator<R> {
    return addOperator<R>(this.origin, { ...added, inputs: inputsFrom(this.origin, 0) });
  }
}

/**
 * The stream of one operator's results, on which the operator itself can be named and tuned; the
 * name is Flink's.
 */
export class SingleOutputStreamOperator<T> extends DataStream<T> {
  readonly #settings: OperatorSettings;

  /** @internal */
  constructor(origin: StreamOrigin, settings: OperatorSettings) {
    super(origin);
    this.#settings = settings;
  }

  /**
   * What the operator emitted into a side output. Empty when it never does.
   *
   * @example hourly.getSideOutput(late).sinkTo(lateFiles)
   */
  getSideOutput<S>(tag: OutputTag<S>): DataStream<S> {
    requireOutputTag(tag, "getSideOutput");
    const inputs = this.origin.inputs.map((input) => ({ ...input, sideOutput: tag.id }));
    return new DataStream<S>({ pipeline: this.origin.pipeline, inputs });
  }

  /** The name under which checkpoints keep the operator's state; see `OperatorSettings.uid`. */
  uid(uid: string): this {
    this.#settings.uid(uid);
    return this;
  }

  /** The name that people see in plans, metrics and errors: one line of text. */
  name(name: string): this {
    this.#settings.name(name);
    return this;
  }

  /** The number of subtasks. Overrides the job's. */
  setParallelism(parallelism: number): this {
    this.#settings.setParallelism(parallelism);
    return this;
  }

  /** The number of key groups, which bounds the parallelism for ever. */
  setMaxParallelism(maxParallelism: number): this {
    this.#settings.setMaxParallelism(maxParallelism);
    return this;
  }

  /** Keeps the operator in a task of its own. */
  disableChaining(): this {
    this.#settings.disableChaining();
    return this;
  }

  /** Begins a new task with this operator; operators behind it may join. */
  startNewChain(): this {
    this.#settings.startNewChain();
    return this;
  }

  /** Operators of different groups never share a task. Default: the group of the inputs. */
  slotSharingGroup(group: string): this {
    this.#settings.slotSharingGroup(group);
    return this;
  }

  /** How long results may wait for more before they are sent; zero sends after every turn. */
  setBufferTimeout(timeout: Duration): this {
    this.#settings.setBufferTimeout(timeout);
    return this;
  }
}

/** Adds an operator; the stream of its results. */
export function addOperator<R>(
  origin: StreamOrigin,
  added: NewTransformation,
): SingleOutputStreamOperator<R> {
  const transformation = origin.pipeline.add(added);
  const inputs = [{ from: transformation, partitioning: null, sideOutput: null }];
  const settings = new OperatorSettings(transformation);
  return new SingleOutputStreamOperator<R>({ pipeline: origin.pipeline, inputs }, settings);
}
