import { collectionSource, sequenceSource } from "../connector/index.ts";
import type { Sink, Source } from "../connector/index.ts";
import { PlanError, show } from "../errors.ts";
import type { Transformation } from "../graph/transformation.ts";
import type { DeadLetter } from "../runtime/undo-log.ts";
import { WatermarkStrategy } from "../time/index.ts";
import { requireConnector, requireWatermarkStrategy } from "./checks.ts";
import { SingleOutputStreamOperator } from "./data-stream.ts";
import { DataStreamSink } from "./data-stream-sink.ts";
import { OperatorSettings } from "./operator-settings.ts";
import { Pipeline } from "./pipeline.ts";
import { SingleSubtaskSettings } from "./single-subtask-settings.ts";

/** Options of `fromCollection`. */
export interface CollectionOptions<T> {
  /** Event time in integer milliseconds. Default: the records have none. */
  readonly timestamp?: (value: T) => number;
}

/** Where a job's streams begin; `build` gets one. */
export class StreamExecutionEnvironment {
  readonly #pipeline = new Pipeline();
  #deadLetterSink: Transformation | null = null;

  /** What was described so far, in order of creation. */
  get transformations(): readonly Transformation[] {
    return this.#pipeline.transformations;
  }

  /** The sink given to `deadLetterTo`, one of `transformations`; null: there is none. */
  get deadLetterSink(): Transformation | null {
    return this.#deadLetterSink;
  }

  /**
   * The stream of a source.
   *
   * @param name what people see, and the beginning of the derived uid
   * @throws PlanError PLAN_CONNECTOR, PLAN_ARGUMENT, PLAN_INVALID_NAME
   * @example
   * env.fromSource(
   *   fileSource({ path: "orders.ndjson", format: ndjson<Order>() }),
   *   WatermarkStrategy.forBoundedOutOfOrderness({ seconds: 5 }, { timestamp: (order) => order.placedAt }),
   *   "orders",
   * )
   */
  fromSource<T>(
    source: Source<T>,
    watermarks: WatermarkStrategy<NoInfer<T>>,
    name: string,
  ): SingleOutputStreamOperator<T> {
    requireConnector(source, ["createEnumerator", "createReader"], "fromSource");
    requireWatermarkStrategy(watermarks, "fromSource");
    if (typeof name !== "string" || name === "") throw noName(name);
    return this.#stream(this.#source(source, watermarks, name));
  }

  /**
   * The given values in order, read by one subtask. Without watermarks until the end of input; see
   * `assignTimestampsAndWatermarks` for others.
   *
   * @throws PlanError PLAN_ARGUMENT
   * @example env.fromCollection([{ at: 1 }, { at: 2 }], { timestamp: (value) => value.at })
   */
  fromCollection<T>(
    values: Iterable<T>,
    options: CollectionOptions<T> = {},
  ): SingleOutputStreamOperator<T> {
    const iterable: unknown = values?.[Symbol.iterator];
    if (typeof iterable !== "function") throw notIterable(values);
    const { timestamp } = options;
    const watermarks = WatermarkStrategy.noWatermarks<T>(
      timestamp === undefined ? {} : { timestamp: (value) => timestamp(value) },
    );
    const transformation = this.#source(collectionSource(values), watermarks, "collection");
    transformation.parallelism = 1;
    return this.#stream(transformation, new SingleSubtaskSettings(transformation));
  }

  /**
   * The integers `from` to `to`, both included, in one range per subtask.
   *
   * @throws UsageError USAGE_SEQUENCE_BOUND
   * @example env.fromSequence(1, 100).map((n) => n * n)
   */
  fromSequence(from: number, to: number): SingleOutputStreamOperator<number> {
    const watermarks = WatermarkStrategy.noWatermarks<number>();
    return this.#stream(this.#source(sequenceSource(from, to), watermarks, "sequence"));
  }

  /**
   * Sends every record that user code throws at to `sink` instead of failing the job: with the
   * operator, the record and the error. All effects of the record are undone first.
   *
   * @throws PlanError PLAN_CONNECTOR, PLAN_DEAD_LETTERS
   * @example env.deadLetterTo(fileSink({ path: "out/dead", format: ndjson() })).uid("dead-letters")
   */
  deadLetterTo(sink: Sink<DeadLetter>): DataStreamSink {
    requireConnector(sink, ["createWriter"], "deadLetterTo");
    if (this.#deadLetterSink !== null) {
      throw new PlanError("deadLetterTo is called twice", {
        code: "PLAN_DEAD_LETTERS",
        hint: "a job has one sink for dead letters",
      });
    }
    this.#deadLetterSink = this.#pipeline.add({
      kind: "sink",
      name: "dead-letters",
      inputs: [],
      config: { sink: sink.describe },
      implementation: { kind: "sink", sink },
    });
    return new DataStreamSink(this.#deadLetterSink);
  }

  #source<T>(source: Source<T>, watermarks: WatermarkStrategy<T>, name: string): Transformation {
    return this.#pipeline.add({
      kind: "source",
      name,
      inputs: [],
      config: { source: source.describe, watermarks: watermarks.describe },
      // A source and its strategy agree on T, which the runtime does not know.
      implementation: {
        kind: "source",
        source,
        watermarks: watermarks as WatermarkStrategy<unknown>,
      },
    });
  }

  #stream<T>(
    from: Transformation,
    settings: OperatorSettings = new OperatorSettings(from),
  ): SingleOutputStreamOperator<T> {
    const inputs = [{ from, partitioning: null, sideOutput: null }];
    return new SingleOutputStreamOperator<T>({ pipeline: this.#pipeline, inputs }, settings);
  }
}

function noName(name: unknown): PlanError {
  return new PlanError(`a source needs a name (got ${show(name)})`, {
    code: "PLAN_INVALID_NAME",
    hint: 'give it as the third argument: fromSource(source, watermarks, "orders")',
  });
}

function notIterable(values: unknown): PlanError {
  return new PlanError(`fromCollection takes an array or another iterable (got ${show(values)})`, {
    code: "PLAN_ARGUMENT",
    hint: "write for instance fromCollection([1, 2, 3])",
  });
}
