import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  blackholeSink,
  defineJob,
  valueState,
  type DataStream,
  type Job,
  type SingleOutputStreamOperator,
} from "../../index.ts";
import { clockSource } from "./clock-source.ts";

/** Subtasks of each vertex: source, first and second keyed operator, sink. */
export type Widths = readonly [source: number, first: number, second: number, sink: number];

export interface HopsOptions {
  readonly widths: Widths;
  /** Records per second of the whole source; null: as fast as it goes. */
  readonly ratePerSecond: number | null;
  /** How long the source waits between two looks for what is due. */
  readonly lingerMs: number;
  /** Distinct keys of each keyed operator. */
  readonly keys: number;
  /** Null: no checkpoints. */
  readonly checkpointMs: number | null;
  readonly bufferTimeoutMs: number;
  /** Both keyed operators add up in hourly windows; else each keeps a sum and hands records on. */
  readonly hourly: boolean;
  /** Event time of record 0; a record's event time is when it is made. */
  readonly startMs: number;
  /** Told of every record that comes to the sink. */
  readonly onRecord: () => void;
}

interface Reading {
  readonly key: number;
  readonly value: number;
  readonly timestamp: number;
}

/** Any `keys` records that follow each other have `keys` keys, in no order. */
const SCATTER = 7_919;

function readingOf(index: number, { keys, startMs, ratePerSecond }: HopsOptions): Reading {
  const stepMs = 1_000 / (ratePerSecond || 100_000);
  return {
    key: (index * SCATTER) % keys,
    value: index % 1_000,
    timestamp: startMs + Math.floor(index * stepMs),
  };
}

const timestamp = (reading: Reading): number => reading.timestamp;

/** A keyed operator: `shift` makes its keys others than those of the one before. */
function addedUp(
  readings: DataStream<Reading>,
  shift: number,
  hourly: boolean,
): SingleOutputStreamOperator<Reading> {
  const keyed = readings.keyBy((reading) => reading.key + shift);
  if (hourly) {
    return keyed
      .window(TumblingEventTimeWindows.of({ hours: 1 }))
      .aggregate(
        { value: agg.sum<Reading>((reading) => reading.value) },
        (key, window, { value }): Reading => ({ key, value, timestamp: window.end - 1 }),
      );
  }
  return keyed.process<Reading, { sum: ReturnType<typeof valueState<number>> }>({
    state: { sum: valueState<number>("sum") },
    processElement(reading, ctx, out) {
      ctx.state.sum.update((ctx.state.sum.value() ?? 0) + reading.value);
      out.collect(reading);
    },
  });
}

/** Three internal hops: source, two keyed operators, sink, each a vertex with a queue of its own. */
export function hopsJob(options: HopsOptions): Job {
  const { widths, checkpointMs, bufferTimeoutMs, ratePerSecond, hourly, onRecord } = options;
  const [source, first, second, sink] = widths;
  return defineJob({
    name: "hops",
    bufferTimeout: { milliseconds: bufferTimeoutMs },
    checkpointing: checkpointMs === null ? false : { interval: { milliseconds: checkpointMs } },
    build(env) {
      const readings = env
        .fromSource(
          clockSource({
            generate: (index) => readingOf(index, options),
            ratePerSecond,
            startMs: options.startMs,
            lingerMs: options.lingerMs,
          }),
          hourly
            ? WatermarkStrategy.forMonotonousTimestamps<Reading>({ timestamp })
            : WatermarkStrategy.noWatermarks<Reading>(),
          "source",
        )
        .setParallelism(source);
      const added = addedUp(readings, 0, hourly).uid("first").setParallelism(first);
      addedUp(added, 1, hourly)
        .uid("second")
        .setParallelism(second)
        .rebalance()
        .map((reading) => {
          onRecord();
          return reading;
        })
        .uid("sink-side")
        .setParallelism(sink)
        .filter(() => false)
        .uid("taken-off")
        .setParallelism(sink)
        .sinkTo(blackholeSink())
        .uid("sink")
        .setParallelism(sink);
    },
  });
}
