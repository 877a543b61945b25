import {
  type Collector,
  WatermarkStrategy,
  defineJob,
  listState,
  mapState,
} from "../../../index.ts";
import type { Row } from "../sinks.ts";
import { type SimJob, indexes, noise, paced, sameRows, settingsOf, sinkOf } from "./sim-job.ts";

interface Trade {
  readonly id: number;
  readonly key: number;
  readonly at: number;
}

interface Rule {
  readonly at: number;
  readonly factor: number;
}

const PER_SECOND = 20;
const RULE_EVERY_MS = 1_500;
const sinks = { trades: "two-phase" } as const;
const rules = mapState<number, number>("rules");

function tradeOf(id: number): Trade {
  return { id, key: noise(id, 6), at: id * 50 + 10 };
}

function ruleOf(index: number): Rule {
  return { at: index * RULE_EVERY_MS, factor: noise(index, 100) };
}

function rulesOf(size: number): number {
  return Math.ceil((size * 50) / RULE_EVERY_MS) + 1;
}

/** Trades wait until the watermark of the rules has passed them: then the rule of their time is known. */
export const broadcast: SimJob = {
  name: "broadcast",
  size: 250,
  sinks,
  spanMs: (size) => (size / PER_SECOND) * 1_000,
  make: (options) =>
    defineJob({
      name: "broadcast",
      ...settingsOf(options),
      build(env) {
        const trades = env.fromSource(
          paced(tradeOf, options.size, PER_SECOND),
          WatermarkStrategy.forMonotonousTimestamps<Trade>({ timestamp: ({ at }) => at }),
          "trades",
        );
        const changes = env
          .fromSource(
            paced(ruleOf, rulesOf(options.size), 1_000 / RULE_EVERY_MS),
            WatermarkStrategy.forMonotonousTimestamps<Rule>({ timestamp: ({ at }) => at }),
            "rules",
          )
          .broadcast(rules);
        const input = options.version > 1 ? trades.map((one) => one).uid("added") : trades;
        input
          .keyBy(({ key }) => key)
          .connect(changes)
          .process({
            state: { waiting: listState<Trade>("waiting") },
            processElement(trade, ctx, _out: Collector<Row>) {
              ctx.state.waiting.add(trade);
              ctx.timers.registerEventTimeTimer(trade.at);
            },
            processBroadcastElement({ at, factor }, ctx) {
              ctx.getBroadcastState(rules).put(at, factor);
            },
            onTimer(timestamp, ctx, out) {
              const known = ctx.getBroadcastState(rules);
              const due = [...ctx.state.waiting.get()].filter(({ at }) => at === timestamp);
              const left = [...ctx.state.waiting.get()].filter(({ at }) => at !== timestamp);
              ctx.state.waiting.update(left);
              const newest = Math.floor(timestamp / RULE_EVERY_MS) * RULE_EVERY_MS;
              for (const { id } of due) out.collect(`${id} ${known.get(newest) ?? "no rule"}`);
            },
          })
          .uid("trades-by-rule")
          .sinkTo(sinkOf(sinks, "trades"))
          .uid("trades-out");
      },
    }),
  check: (outputs, size) => sameRows("trades", expectedOf(size), outputs["trades"]),
};

function expectedOf(size: number): readonly Row[] {
  return indexes(size).map((id) => {
    const { at } = tradeOf(id);
    return `${id} ${ruleOf(Math.floor(at / RULE_EVERY_MS)).factor}`;
  });
}
