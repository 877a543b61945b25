import { type Collector, WatermarkStrategy, defineJob, valueState } from "../../../index.ts";
import type { Row } from "../sinks.ts";
import { type SimJob, indexes, sameRows, settingsOf, sinkOf } from "./sim-job.ts";
import { generatorSource } from "../../../core/connector/index.ts";

const AT = 1_000_000;
const sinks = { fired: "two-phase" } as const;

/** Every key has a timer for the same instant: all fire with one watermark. With `--size 1000000` a million. */
export const timers: SimJob = {
  name: "timers",
  size: 2_000,
  sinks,
  spanMs: (size) => 1_000 + size * 4,
  make: (options) =>
    defineJob({
      name: "timers",
      ...settingsOf(options),
      build(env) {
        const numbers = env.fromSource(
          generatorSource({ generate: (index: number) => index, count: options.size }),
          WatermarkStrategy.forMonotonousTimestamps<number>({ timestamp: (id) => id % AT }),
          "numbers",
        );
        const input = options.version > 1 ? numbers.map((one) => one).uid("added") : numbers;
        input
          .keyBy((id) => id)
          .process({
            state: { seen: valueState<boolean>("seen") },
            processElement(_id, ctx, _out: Collector<Row>) {
              ctx.state.seen.update(true);
              ctx.timers.registerEventTimeTimer(AT);
            },
            onTimer(_timestamp, ctx, out) {
              out.collect(`${ctx.getCurrentKey()} ${ctx.state.seen.value() ?? false}`);
            },
          })
          .uid("fire")
          .sinkTo(sinkOf(sinks, "fired"))
          .uid("fired-out");
      },
    }),
  check: ({ fired }, size) =>
    sameRows(
      "fired",
      indexes(size).map((id) => `${id} true`),
      fired,
    ),
};
