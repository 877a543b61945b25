import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  defineJob,
  generatorSource,
} from "millrace";
import { fileSink, ndjson } from "millrace/connectors/file";

const COUNT = 20_000;
const LATE = 100;

/** The last 100 numbers belong into a window that has long ended. */
export default defineJob({
  name: "late",
  build(env) {
    env
      .fromSource(
        generatorSource({
          generate: (index) => index,
          count: COUNT,
          ratePerSecond: 10_000_000,
        }),
        WatermarkStrategy.forMonotonousTimestamps<number>({
          timestamp: (n) => (n < COUNT - LATE ? n * 10 : 0),
        }),
        "numbers",
      )
      .keyBy((n) => n % 7)
      .window(TumblingEventTimeWindows.of({ seconds: 10 }))
      .aggregate({ count: agg.count() })
      .uid("windows")
      .sinkTo(fileSink({ path: "out", format: ndjson() }))
      .uid("files");
  },
});
