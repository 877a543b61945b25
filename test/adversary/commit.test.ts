import { describe, expect, test } from "vitest";
import { type Committer, type Sink, WatermarkStrategy, restartStrategy } from "../../index.ts";
import { Gate, ManualSource, eventually, settle, startJob } from "../infra/local/harness.ts";

describe("the last checkpoint of a job", () => {
  test("does not finish the job when an earlier commit failed and its own was cut short", async () => {
    const committed: number[] = [];
    const first = new Gate();
    let calls = 0;
    const committer: Committer<number> = {
      async commit(committables): Promise<void> {
        calls += 1;
        if (calls === 1) {
          await first.opened;
          throw new Error("no connection");
        }
        committed.push(...committables);
      },
    };
    const sink: Sink<number, number> = {
      describe: "committing",
      guarantee: "exactly-once",
      createWriter: () => {
        const held: number[] = [];
        return {
          write: (value) => void held.push(value),
          prepareCommit: async () => held.splice(0),
        };
      },
      createCommitter: () => committer,
    };
    const source = new ManualSource<number>();
    const checkpoints: number[] = [];
    const handle = await startJob(
      (env) => {
        env
          .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
          .uid("numbers")
          .rebalance()
          .map((value) => value)
          .uid("map")
          .rebalance()
          .sinkTo(sink)
          .uid("sink");
      },
      {
        checkpointing: { interval: { milliseconds: 1 } },
        restart: restartStrategy.fixedDelay({ attempts: 2, delay: { milliseconds: 0 } }),
      },
      { onEvent: (event) => event.kind === "checkpoint" && checkpoints.push(event.checkpoint) },
    );
    source.push(1, 2, 3);
    await eventually(() => calls === 1);
    source.push(4);
    const before = checkpoints.length;
    source.end();
    await eventually(() => checkpoints.length >= before + 1);
    await settle(() => false, 20);
    first.open();
    const result = await handle.result;
    expect(result.state).toBe("finished");
    expect(committed.toSorted()).toEqual([1, 2, 3, 4]);
  });
});
