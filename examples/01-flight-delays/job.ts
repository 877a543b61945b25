import {
  OutputTag,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  defineJob,
  param,
} from "millrace";
import { day, fileSink, fileSource, ndjson, parquet } from "millrace/connectors/file";

interface Flight {
  readonly date: Date;
  /** Minutes; negative when the flight was early. */
  readonly delay: number;
  readonly origin: string;
}

const late = new OutputTag<Flight>("late");

export default defineJob({
  name: "flight-delays",
  params: {
    input: param.string("node_modules/vega-datasets/data/flights-3m.parquet", {
      description: "Parquet file, folder or glob",
    }),
    output: param.string("out/flight-delays", { description: "folder of the results" }),
    bound: param.duration(
      { hours: 30 },
      { description: "how far behind the newest a flight may be" },
    ),
  },
  checkpointing: { interval: { seconds: 10 } },
  build(env, { params }) {
    const hourly = env
      .fromSource(
        fileSource({
          path: params.input,
          format: parquet<Flight>({ columns: ["date", "delay", "origin"] }),
        }),
        WatermarkStrategy.forBoundedOutOfOrderness(params.bound, {
          timestamp: (flight) => flight.date.getTime() + flight.delay * 60_000,
        }),
        "flights",
      )
      .keyBy((flight) => flight.origin)
      .window(TumblingEventTimeWindows.of({ hours: 1 }))
      .sideOutputLateData(late)
      .aggregate(
        {
          flights: agg.count(),
          meanDelay: agg.mean((flight) => flight.delay),
          maxDelay: agg.max((flight) => flight.delay),
          p90Delay: agg.percentile((flight) => flight.delay, 0.9),
          over15: agg.sum((flight) => (flight.delay > 15 ? 1 : 0)),
        },
        (origin, window, stats) => ({
          origin,
          windowStart: new Date(window.start),
          windowEnd: new Date(window.end),
          ...stats,
        }),
      )
      .uid("hourly");
    hourly
      .sinkTo(
        fileSink({
          path: `${params.output}/hourly`,
          format: ndjson(),
          partitionBy: (row) => day(row.windowStart),
          existing: "set-aside",
        }),
      )
      .uid("hourly-files");
    hourly
      .getSideOutput(late)
      .sinkTo(fileSink({ path: `${params.output}/late`, format: ndjson(), existing: "set-aside" }))
      .uid("late-files");
  },
});
