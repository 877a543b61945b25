import { expect, test } from "vitest";
import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  collectSink,
  collectionSource,
} from "../../index.ts";
import {
  type Build,
  ManualSource,
  eventually,
  settle,
  sorted,
  startJob,
  temporaryFolder,
} from "../infra/local/harness.ts";

test.each([
  { from: 1, to: 1 },
  { from: 2, to: 3 },
])(
  "a source that had ended before a savepoint gives nothing again after it, from parallelism $from to $to",
  async ({ from, to }) => {
    const checkpointDir = temporaryFolder();
    const source = new ManualSource<number>();
    const rows = collectSink<number>();
    const build: Build = (env) => {
      const strategy = WatermarkStrategy.forMonotonousTimestamps<number>({
        timestamp: (value) => value,
      });
      env
        .fromSource(source, strategy, "numbers")
        .uid("numbers")
        .union(env.fromSource(collectionSource([1, 2, 3]), strategy, "three").uid("three"))
        .keyBy((value) => value % 2)
        .window(TumblingEventTimeWindows.of({ milliseconds: 10 }))
        .reduce((left, right) => left + right)
        .uid("sums")
        .sinkTo(rows.sink)
        .uid("rows");
    };
    const start = (parallelism: number, savepoint: string | null) =>
      startJob(
        build,
        { bufferTimeout: { milliseconds: 0 }, parallelism },
        { checkpointDir, from: savepoint },
      );
    const first = await start(from, null);
    source.push(4, 5);
    await eventually(() => first.status().records === 5);
    await settle();
    const savepoint = await first.savepoint();
    await first.stop();
    await first.result;
    const second = await start(to, savepoint);
    source.push(6, 15);
    await eventually(() => second.status().records === 2);
    source.end();
    await second.result;
    expect(sorted(rows.values)).toEqual([1 + 3 + 5, 2 + 4 + 6, 15]);
  },
);
