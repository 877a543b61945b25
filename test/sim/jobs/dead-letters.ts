import {
  type Collector,
  WatermarkStrategy,
  defineJob,
  type DeadLetter,
  valueState,
} from "../../../index.ts";
import { SimSink } from "../sinks.ts";
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

const PER_SECOND = 40;
const KEYS = 5;
const sinks = { good: "two-phase", dead: "two-phase" } as const;

/** The running number of a record within its key, which a refused record must not touch. */
export const deadLetters: SimJob = {
  name: "dead-letters",
  size: 300,
  sinks,
  spanMs: (size) => (size / PER_SECOND) * 1_000,
  make: (options) =>
    defineJob({
      name: "dead-letters",
      ...settingsOf(options),
      build(env) {
        const numbers = env.fromSource(
          paced((index) => index, options.size, PER_SECOND),
          WatermarkStrategy.noWatermarks<number>(),
          "numbers",
        );
        const input = options.version > 1 ? numbers.map((one) => one).uid("added") : numbers;
        input
          .keyBy((id) => noise(id, KEYS))
          .process({
            state: { count: valueState<number>("count") },
            processElement(id, ctx, out: Collector<string>) {
              const count = (ctx.state.count.value() ?? 0) + 1;
              ctx.state.count.update(count);
              out.collect(`${ctx.getCurrentKey()} ${count}`);
              if (isBad(id)) throw new Error(`${id} is bad`);
            },
          })
          .uid("count")
          .sinkTo(sinkOf(sinks, "good"))
          .uid("good-out");
        env
          .deadLetterTo(
            new SimSink("dead", "two-phase", null, (letter) => `${(letter as DeadLetter).value}`),
          )
          .uid("dead-out");
      },
    }),
  check: ({ good, dead }, size) => {
    const all = indexes(size);
    const counts = Array.from({ length: KEYS }, () => 0);
    const rows = all
      .filter((id) => !isBad(id))
      .map((id) => {
        const key = noise(id, KEYS);
        counts[key] = (counts[key] ?? 0) + 1;
        return `${key} ${counts[key]}`;
      });
    return first(
      sameRows("good", rows, good),
      sameRows("dead", all.filter(isBad).map(String), dead),
    );
  },
};

function isBad(id: number): boolean {
  return noise(id * 13, 7) === 0;
}
