import { type Collector, WatermarkStrategy, defineJob, valueState } from "../../../index.ts";
import type { Row } from "../sinks.ts";
import {
  type SimJob,
  first,
  indexes,
  noise,
  paced,
  sameRows,
  settingsOf,
  sinkOf,
} from "./sim-job.ts";

const PER_SECOND = 30;
const KEYS = 5;
const sinks = { files: "two-phase", table: "write-ahead", log: "direct" } as const;

/**
 * The same rows to a two-phase, a write-ahead and a plain sink. Rows are long, so that turns do not
 * fit their ledger item, and rows and state hold something that two tries of one turn do not agree on.
 */
export const sideBySide: SimJob = {
  name: "side-by-side",
  size: 250,
  sinks,
  spanMs: (size) => (size / PER_SECOND) * 1_000,
  make: (options) =>
    defineJob({
      name: "side-by-side",
      ...settingsOf(options),
      build(env) {
        const numbers = env.fromSource(
          paced((index) => index, options.size, PER_SECOND),
          WatermarkStrategy.noWatermarks<number>(),
          "numbers",
        );
        const input = options.version > 1 ? numbers.map((one) => one).uid("added") : numbers;
        const rows = input
          .keyBy((id) => noise(id, KEYS))
          .process({
            state: { last: valueState<number>("last") },
            processElement(id, ctx, out: Collector<Row>) {
              ctx.state.last.update(ctx.timers.currentProcessingTime());
              out.collect(
                `${id} |${ctx.timers.currentProcessingTime()} ${"x".repeat(noise(id, 900))}`,
              );
            },
          })
          .uid("rows");
        rows.sinkTo(sinkOf(sinks, "files")).uid("files");
        rows.sinkTo(sinkOf(sinks, "table")).uid("table");
        rows.sinkTo(sinkOf(sinks, "log")).uid("log");
      },
    }),
  rowKey: (row) => row.slice(0, row.indexOf("|")),
  check: (outputs, size) => {
    const expected = indexes(size).map((id) => `${id} `);
    return first(...Object.keys(sinks).map((sink) => sameRows(sink, expected, outputs[sink])));
  },
};
