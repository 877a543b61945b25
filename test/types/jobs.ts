/** The two jobs of the guide: they compile, with every callback inferred. Checked by tsc alone. */
import {
  type Collector,
  OutputTag,
  type Sink,
  type Source,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  defineJob,
  param,
  valueState,
} from "millrace";

interface Flight {
  readonly date: Date;
  readonly delay: number;
  readonly origin: string;
}

interface Order {
  readonly shop: string;
  readonly id: number;
  readonly placedAt: number;
}

interface Format<T> {
  readonly _type?: T;
}

declare function parquet<T>(): Format<T>;
declare function ndjson<T>(): Format<T>;
declare function fileSource<T>(options: { path: string; format: Format<T> }): Source<T>;
declare function fileSink<T>(options: {
  path: string;
  format: Format<T>;
  partitionBy?: (row: T) => string;
}): Sink<T>;
declare function day(date: Date): string;

const late = new OutputTag<Flight>("late");

export const flightDelays = defineJob({
  name: "flight-delays",
  params: {
    input: param.string("flights-3m.parquet"),
    output: param.string("out/flight-delays"),
    bound: param.duration({ hours: 30 }),
  },
  checkpointing: { interval: { seconds: 10 } },
  build(env, { params }) {
    const hourly = env
      .fromSource(
        fileSource({ path: params.input, format: parquet<Flight>() }),
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
          p90Delay: agg.percentile((flight) => flight.delay, 0.9),
        },
        (origin, window, stats) => ({ origin, windowStart: new Date(window.start), ...stats }),
      )
      .uid("hourly");
    hourly
      .sinkTo(
        fileSink({
          path: `${params.output}/hourly`,
          format: ndjson(),
          partitionBy: (row) => day(row.windowStart),
        }),
      )
      .uid("hourly-files");
    hourly
      .getSideOutput(late)
      .sinkTo(fileSink({ path: `${params.output}/late`, format: ndjson() }))
      .uid("late-files");
  },
});

export const firstOrders = defineJob({
  name: "first-orders",
  build(env) {
    env
      .fromCollection<Order>([])
      .keyBy((order) => [order.shop, order.id])
      .process({
        state: { first: valueState<number>("first", { ttl: { days: 1 } }) },
        processElement(order, ctx, out: Collector<Order>) {
          if (ctx.state.first.value() !== null) return;
          ctx.state.first.update(order.placedAt);
          ctx.timers.registerEventTimeTimer(order.placedAt + 3_600_000);
          out.collect(order);
        },
        onTimer(timestamp, ctx, out) {
          const [shop, id] = ctx.getCurrentKey();
          const first = ctx.state.first.value();
          if (first !== null) out.collect({ shop, id, placedAt: Math.min(first, timestamp) });
        },
      })
      .print();
  },
});
