import type { Source } from "../../../core/connector/source.ts";
import { type Collector, WatermarkStrategy, defineJob, listState } from "../../../index.ts";
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

const PER_SECOND = 5;
const sinks = { ticks: "two-phase", seen: "write-ahead" } as const;

/** Input that comes slowly and then no more, with timers of processing time behind it: it gets idle. */
export const ticks: SimJob = {
  name: "ticks",
  size: 60,
  sinks,
  endless: true,
  spanMs: (size) => (size / PER_SECOND) * 1_000,
  make: (options) =>
    defineJob({
      name: "ticks",
      ...settingsOf(options),
      build(env) {
        const numbers = env.fromSource(
          waiting(paced((index) => index, options.size, PER_SECOND)),
          WatermarkStrategy.noWatermarks<number>(),
          "numbers",
        );
        const input = options.version > 1 ? numbers.map((one) => one).uid("added") : numbers;
        const delayed = input
          .keyBy((id) => noise(id, 4))
          .process({
            state: { waiting: listState<number>("waiting") },
            processElement(id, ctx, _out: Collector<Row>) {
              ctx.state.waiting.add(id);
              const delayMs = id % 9 === 0 ? 1_200_000 : noise(id, 30_000);
              ctx.timers.registerProcessingTimeTimer(ctx.timers.currentProcessingTime() + delayMs);
            },
            onTimer(_timestamp, ctx, out) {
              for (const id of ctx.state.waiting.get()) out.collect(`${id}`);
              ctx.state.waiting.clear();
            },
          })
          .uid("delayed");
        delayed.sinkTo(sinkOf(sinks, "ticks")).uid("ticks");
        delayed.sinkTo(sinkOf(sinks, "seen")).uid("seen");
      },
    }),
  check: (outputs, size) => {
    const expected = indexes(size).map(String);
    return first(...Object.keys(sinks).map((sink) => sameRows(sink, expected, outputs[sink])));
  },
};

/** The same source, without an end: its readers wait for more. */
function waiting<T>(source: Source<T>): Source<T> {
  return {
    ...source,
    boundedness: "unbounded",
    createEnumerator: (context, state) =>
      source.createEnumerator({ ...contextOf(context), noMoreSplits: () => undefined }, state),
  };
}

function contextOf<C extends object>(context: C): C {
  return { ...context };
}
