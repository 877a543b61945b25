import { describe, expect, test } from "vitest";
import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  collectSink,
  collectionSource,
  defineJob,
  runJob,
} from "../../../index.ts";

interface Click {
  readonly user: string;
  readonly at: number;
}

const clicks: readonly Click[] = Array.from({ length: 5_000 }, (_, i) => ({
  user: `user-${i % 7}`,
  at: i * 10,
}));

describe("an embedded job", () => {
  test.each([{ parallelism: 1 }, { parallelism: 3 }])(
    "counts clicks per user and second at parallelism $parallelism",
    async ({ parallelism }) => {
      const rows = collectSink<{ user: string; start: number; clicks: number }>();
      const job = defineJob({
        name: "clicks",
        parallelism,
        build(env) {
          env
            .fromSource(
              collectionSource(clicks),
              WatermarkStrategy.forMonotonousTimestamps({ timestamp: (click) => click.at }),
              "clicks",
            )
            .keyBy((click) => click.user)
            .window(TumblingEventTimeWindows.of({ seconds: 1 }))
            .aggregate({ clicks: agg.count() }, (user, window, counts) => ({
              user,
              start: window.start,
              ...counts,
            }))
            .uid("per-second")
            .sinkTo(rows.sink)
            .uid("rows");
        },
      });
      const handle = await runJob(job);
      const result = await handle.result;
      expect(result).toMatchObject({ state: "finished", records: 5_000, restarts: 0 });
      expect(rows.values.reduce((sum, row) => sum + row.clicks, 0)).toBe(5_000);
      expect(rows.values).toHaveLength(7 * 50);
    },
  );
});
