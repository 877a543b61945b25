import { describe, expect, test } from "vitest";
import { WatermarkStrategy } from "../../../core/time/index.ts";
import { MAX_WATERMARK } from "../../../core/timestamp.ts";
import { type OperatorHarness, opened } from "./harness.ts";

function assigned(strategy: WatermarkStrategy<number>): Promise<OperatorHarness> {
  return opened((env) => env.fromSequence(1, 9).assignTimestampsAndWatermarks(strategy));
}

const timestamp = (n: number): number => n;

describe("timestamps and watermarks in the middle of a job", () => {
  test("replace those from upstream, except the watermark that ends event time", async () => {
    const harness = await assigned(
      WatermarkStrategy.forBoundedOutOfOrderness({ milliseconds: 10 }, { timestamp }),
    );
    harness.send(100, 1);
    harness.watermark(5_000);
    harness.operator.status(true);
    harness.endTurn();
    harness.send(50, 2);
    harness.endTurn();
    harness.watermark(MAX_WATERMARK);
    expect(harness.events()).toEqual([
      "100@100",
      "watermark 89",
      "50@50",
      `watermark ${MAX_WATERMARK}`,
    ]);
  });

  test("without a timestamp function keep the one the record has", async () => {
    const harness = await assigned(WatermarkStrategy.forMonotonousTimestamps());
    harness.send(1, 70);
    harness.endTurn();
    expect(harness.events()).toEqual(["1@70", "watermark 69"]);
  });

  test("emit a punctuated watermark behind its record, and never go back", async () => {
    const harness = await assigned(
      WatermarkStrategy.forGenerator<number>(
        () => ({
          onEvent: (_value, at, output) => output.emit(at),
          onPeriodicEmit: () => {},
        }),
        { timestamp },
      ),
    );
    for (const value of [3, 2, 4]) harness.send(value);
    expect(harness.events()).toEqual(["3@3", "watermark 3", "2@2", "4@4", "watermark 4"]);
  });

  test("become idle after strictly more than the timeout, and active with the next record", async () => {
    const harness = await assigned(
      WatermarkStrategy.forMonotonousTimestamps({ timestamp, idleness: { milliseconds: 100 } }),
    );
    harness.send(5);
    expect(harness.endTurn()).toBe(1);
    harness.now = 1;
    expect(harness.endTurn()).toBe(102);
    harness.now = 101;
    harness.endTurn();
    expect(harness.events()).toEqual(["5@5", "watermark 4"]);
    harness.now = 102;
    expect(harness.endTurn()).toBeNull();
    expect(harness.events()).toEqual(["idle"]);
    harness.send(6);
    harness.endTurn();
    expect(harness.events()).toEqual(["6@6", "active", "watermark 5"]);
  });

  test("refuse a timestamp that is no integer, with the record", async () => {
    const harness = await assigned(WatermarkStrategy.noWatermarks({ timestamp: (n) => n / 2 }));
    expect(() => harness.send(3)).toThrow(
      expect.objectContaining({
        code: "DATA_TIMESTAMP",
        message: "timestamp is not an integer (got 1.5) for 3",
      }),
    );
  });
});
