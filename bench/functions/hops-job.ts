import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  blackholeSink,
  defineJob,
  valueState,
  type Job,
} from "../../index.ts";
import { generatorSource } from "../../core/connector/index.ts";

/** Subtasks of each vertex: source, first and second keyed operator, sink. */
export type Widths = readonly [source: number, first: number, second: number, sink: number];

export interface HopsOptions {
  readonly widths: Widths;
  /** Records per second of the whole source; null: as fast as it goes. */
  readonly ratePerSecond: number | null;
  /** Distinct keys of each keyed operator. */
  readonly keys: number;
  /** Null: no checkpoints. */
  readonly checkpointMs: number | null;
  readonly bufferTimeoutMs: number;
  /** The first keyed operator counts in hourly windows instead of handing every record on. */
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

/** Record `index` of an endless stream; keys come in no order. */
function readingOf(index: number, { keys, startMs, ratePerSecond }: HopsOptions): Reading {
  let mixed = Math.imul(index ^ (index >>> 15), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  const stepMs = 1_000 / (ratePerSecond ?? 100_000);
  return {
    key: ((mixed ^ (mixed >>> 16)) >>> 0) % keys,
    value: index % 1_000,
    timestamp: startMs + Math.floor(index * stepMs),
  };
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
          generatorSource({
            generate: (index) => readingOf(index, options),
            ...(ratePerSecond === null ? {} : { ratePerSecond }),
          }),
          WatermarkStrategy.forMonotonousTimestamps<Reading>({
            timestamp: (reading) => reading.timestamp,
          }),
          "source",
        )
        .setParallelism(source);
      const keyed = readings.keyBy((reading) => reading.key);
      const firstOut = hourly
        ? keyed
            .window(TumblingEventTimeWindows.of({ hours: 1 }))
            .aggregate(
              { count: agg.count(), value: agg.sum<Reading>((reading) => reading.value) },
              (key, window, { value }): Reading => ({ key, value, timestamp: window.end - 1 }),
            )
        : keyed.process<Reading, { sum: ReturnType<typeof valueState<number>> }>({
            state: { sum: valueState<number>("sum") },
            processElement(reading, ctx, out) {
              ctx.state.sum.update((ctx.state.sum.value() ?? 0) + reading.value);
              out.collect(reading);
            },
          });
      firstOut
        .uid("first")
        .setParallelism(first)
        .keyBy((reading) => reading.key + 1)
        .process<Reading, { sum: ReturnType<typeof valueState<number>> }>({
          state: { sum: valueState<number>("sum") },
          processElement(reading, ctx, out) {
            ctx.state.sum.update((ctx.state.sum.value() ?? 0) + reading.value);
            out.collect(reading);
          },
        })
        .uid("second")
        .setParallelism(second)
        .rebalance()
        .map((reading) => {
          onRecord();
          return reading;
        })
        .uid("sink-side")
        .setParallelism(sink)
        .sinkTo(blackholeSink())
        .uid("sink")
        .setParallelism(sink);
    },
  });
}
