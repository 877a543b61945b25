import { describe, expect, test } from "vitest";
import { WatermarkStrategy, collectSink, valueState } from "../../index.ts";
import { ManualClock, ManualSource, eventually, settle, startJob } from "../infra/local/harness.ts";

describe("results that only a timer made", () => {
  test("are committed by a checkpoint although no record came since the last one", async () => {
    const clock = new ManualClock(1_000);
    const source = new ManualSource<number>();
    const rows = collectSink<number>();
    let checkpoints = 0;
    const handle = await startJob(
      (env) => {
        env
          .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
          .uid("numbers")
          .keyBy((value) => value)
          .process({
            state: { seen: valueState<number>("seen") },
            processElement(value: number, ctx) {
              ctx.state.seen.update(value);
              ctx.timers.registerProcessingTimeTimer(5_000);
            },
            onTimer(_timestamp, ctx, out) {
              out.collect(ctx.state.seen.value() ?? 0);
            },
          })
          .uid("later")
          .sinkTo(rows.sink)
          .uid("rows");
      },
      { checkpointing: { interval: { milliseconds: 20 } }, bufferTimeout: { milliseconds: 0 } },
      {
        clock,
        onEvent: (event) => {
          if (event.kind === "checkpoint") checkpoints += 1;
        },
      },
    );
    source.push(1, 2);
    await settle();
    clock.set(2_000);
    source.wake();
    await eventually(() => checkpoints === 1);
    clock.set(6_000);
    source.wake();
    await settle();
    clock.set(7_000);
    await eventually(() => rows.values.length > 0);
    handle.cancel();
    await handle.result;
    expect(rows.values.toSorted()).toEqual([1, 2]);
  });
});
