import { sequenceSource } from "../../../../core/connector/index.ts";
import {
  type Job,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  defineJob,
  generatorSource,
  param,
} from "../../../../index.ts";
import { fileSink, ndjson } from "../../../../infra/connectors/file/index.ts";

const byNumber = WatermarkStrategy.forMonotonousTimestamps<number>({ timestamp: (n) => n * 10 });

/** Sums of numbers per key and window, into files. */
const sums = defineJob({
  name: "sums",
  params: { count: param.number(20_000), output: param.string("out") },
  build(env, { params }) {
    env
      .fromSource(sequenceSource(0, params.count - 1), byNumber, "numbers")
      .keyBy((n) => n % 13)
      .window(TumblingEventTimeWindows.of({ seconds: 5 }))
      .aggregate({ count: agg.count(), sum: agg.sum((n) => n) }, (key, window, stats) => ({
        key,
        start: window.start,
        ...stats,
      }))
      .uid("sums")
      .sinkTo(fileSink({ path: params.output, format: ndjson(), existing: "set-aside" }))
      .uid("files");
  },
});

/** Counts numbers per key as they come, at a rate: whatever their order, each count is there once. */
const running = defineJob({
  name: "running",
  params: {
    count: param.number(2_000),
    rate: param.number(1_000),
    keys: param.number(7),
    output: param.string("out"),
  },
  build(env, { params }) {
    env
      .fromSource(
        generatorSource({
          generate: (index) => index,
          count: params.count,
          ratePerSecond: params.rate,
        }),
        WatermarkStrategy.noWatermarks(),
        "numbers",
      )
      .map((n) => ({ key: n % params.keys, seen: 1 }))
      .keyBy(({ key }) => key)
      .reduce(({ key, seen }, other) => ({ key, seen: seen + other.seen }))
      .uid("counts")
      .sinkTo(fileSink({ path: params.output, format: ndjson(), existing: "set-aside" }))
      .uid("files");
  },
});

/** One number is not liked: it fails the job, ends its process, becomes a dead letter, or passes. */
const picky = defineJob({
  name: "picky",
  params: {
    mode: param.enum(["throw", "exit", "dead-letter", "pass"], "throw"),
    output: param.string("out"),
  },
  build(env, { params }) {
    const files = (name: string) =>
      fileSink<unknown>({ path: `${params.output}/${name}`, format: ndjson() });
    if (params.mode === "dead-letter") env.deadLetterTo(files("dead")).uid("dead-letters");
    env
      .fromSource(sequenceSource(0, 99), byNumber, "numbers")
      .map((n) => {
        if (n !== 7 || params.mode === "pass") return n;
        if (params.mode === "exit") process.exit(3);
        throw new TypeError("seven is not liked");
      })
      .uid("taste")
      .sinkTo(files("liked"))
      .uid("files");
  },
});

/** Jobs of the tests, by name: workers are processes of their own and load them by it. */
export const functionJobs = { sums, running, picky } as unknown as Readonly<Record<string, Job>>;
