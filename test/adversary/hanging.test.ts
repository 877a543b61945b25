import { expect, test } from "vitest";
import { type Sink, WatermarkStrategy } from "../../index.ts";
import { ManualSource, eventually, settle, startJob } from "../infra/local/harness.ts";

test.fails(
  "a job whose sink never ends a flush fails when its checkpoint expires, in place of waiting for the flush",
  async () => {
    const sink: Sink<number> = {
      describe: "hanging",
      guarantee: "none",
      createWriter: () => ({
        write: () => undefined,
        flush: () => new Promise<void>(() => undefined),
      }),
    };
    const source = new ManualSource<number>();
    let expired = false;
    const handle = await startJob(
      (env) => {
        env
          .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
          .uid("numbers")
          .sinkTo(sink)
          .uid("sink");
      },
      { checkpointing: { interval: { milliseconds: 1 }, timeout: { milliseconds: 10 } } },
      {
        onEvent: (event) => {
          if (event.kind === "checkpoint-failed") expired = true;
        },
      },
    );
    source.push(1);
    handle.result.catch(() => undefined);
    await eventually(() => expired);
    await settle(() => handle.status().state === "failed");
    expect(handle.status().state).toBe("failed");
  },
);
