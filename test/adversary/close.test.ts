import { expect, test } from "vitest";
import { WatermarkStrategy, collectionSource } from "../../index.ts";
import { runToEnd } from "../infra/local/harness.ts";

test("a sink is closed although the close of an operator before it fails", async () => {
  let closed = 0;
  class Failing {
    processElement(value: number, _ctx: unknown, out: { collect(value: number): void }): void {
      out.collect(value);
    }

    close(): void {
      throw new Error("cannot close");
    }
  }
  await runToEnd((env) => {
    env
      .fromSource(collectionSource([1, 2, 3]), WatermarkStrategy.noWatermarks(), "numbers")
      .uid("numbers")
      .process(Failing)
      .uid("failing")
      .sinkTo({
        describe: "closing",
        guarantee: "none",
        createWriter: () => ({
          write: () => undefined,
          close: async () => {
            closed += 1;
          },
        }),
      })
      .uid("sink");
  });
  expect(closed).toBe(1);
});
