import { describe, expect, test } from "vitest";
import { TumblingEventTimeWindows, WatermarkStrategy } from "../../index.ts";
import { ManualClock, ManualSource, listSink, settle, startJob } from "../infra/local/harness.ts";

describe("a source that becomes active again", () => {
  test("tells so before its next watermark, so that windows fire", async () => {
    const clock = new ManualClock(1_000);
    const source = new ManualSource<number>();
    const { sink, values } = listSink<number>();
    const handle = await startJob(
      (env) => {
        env
          .fromSource(
            source,
            WatermarkStrategy.forMonotonousTimestamps({
              timestamp: (value: number) => value,
              idleness: { milliseconds: 100 },
            }),
            "numbers",
          )
          .uid("numbers")
          .keyBy(() => "all")
          .window(TumblingEventTimeWindows.of({ milliseconds: 10 }))
          .reduce((left, right) => left + right)
          .uid("sums")
          .sinkTo(sink)
          .uid("sink");
      },
      { bufferTimeout: { milliseconds: 0 } },
      { clock },
    );
    source.push(1, 2);
    await settle();
    clock.set(2_000);
    source.wake();
    await settle();
    clock.set(3_000);
    source.wake();
    await settle();
    source.push(3, 25);
    await settle(() => values.length > 0, 2_000);
    handle.cancel();
    await handle.result;
    expect(values).toEqual([6]);
  });
});
