import { describe, expect, test } from "vitest";
import { WatermarkStrategy, collectSink, collectionSource } from "../../index.ts";
import { runToEnd } from "../infra/local/harness.ts";

describe("a refused record behind a punctuated watermark of the same record", () => {
  test("leaves no record of nothing in the buffers it was rolled back from", async () => {
    const rows = collectSink<number>();
    const letters = collectSink<unknown>();
    await runToEnd(
      (env) => {
        env.deadLetterTo(letters.sink).uid("letters");
        const source = env
          .fromSource(
            collectionSource([1, 2, 3, 4, 5, 6]),
            WatermarkStrategy.noWatermarks(),
            "numbers",
          )
          .uid("numbers");
        source
          .assignTimestampsAndWatermarks(
            WatermarkStrategy.forGenerator<number>(
              () => ({
                onEvent: (value, _timestamp, output) => {
                  if (value === 4) output.emit(value);
                },
                onPeriodicEmit: () => undefined,
              }),
              { timestamp: (value) => value },
            ),
          )
          .uid("times")
          .rebalance()
          .process({ processElement: (value: number, _ctx, out) => out.collect(value) })
          .uid("reads-time")
          .sinkTo(rows.sink)
          .uid("rows");
        source
          .map((value) => {
            if (value === 4) throw new Error("no fours");
            return value;
          })
          .uid("refusing")
          .sinkTo(collectSink<number>().sink)
          .uid("others");
      },
      { strict: false },
    );
    expect(letters.values).toHaveLength(1);
    expect(rows.values).toEqual([1, 2, 3, 5, 6]);
  });
});

describe("a record whose event time cannot be told", () => {
  test.each([
    { name: "throws", time: 0, thrown: new Error("no time") },
    { name: "returns no integer", time: 1.5, thrown: null },
  ])("is a refused one when the timestamp function $name", async ({ time, thrown }) => {
    const rows = collectSink<number>();
    const letters = collectSink<{ operator: string; position: string; value: unknown }>();
    await runToEnd((env) => {
      env.deadLetterTo(letters.sink).uid("letters");
      env
        .fromSource(
          collectionSource([1, 2, 3]),
          WatermarkStrategy.forMonotonousTimestamps<number>({
            timestamp: (value) => {
              if (value !== 2) return value;
              if (thrown !== null) throw thrown;
              return time;
            },
          }),
          "numbers",
        )
        .uid("numbers")
        .sinkTo(rows.sink)
        .uid("rows");
    });
    expect(rows.values).toEqual([1, 3]);
    expect(letters.values).toMatchObject([
      { operator: "numbers", position: "record 1 of collection", value: 2 },
    ]);
  });
});
