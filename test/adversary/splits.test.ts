import { describe, expect, test } from "vitest";
import {
  type EnumeratorContext,
  NO_TIMESTAMP,
  type PollResult,
  type ReaderContext,
  type ReaderOutput,
  type Sink,
  type Source,
  type SourceReader,
  type SplitEnumerator,
  WatermarkStrategy,
} from "../../index.ts";
import { Gate, eventually, startJob, temporaryFolder } from "../infra/local/harness.ts";

interface NamedSplit {
  readonly name: string;
}

/** Gives a split of one record to whoever asks, when the test says so. */
class AskedSource implements Source<string, NamedSplit, readonly NamedSplit[]> {
  readonly describe = "asked";
  readonly boundedness = "unbounded";
  readonly replayable = true;
  ask: () => void = () => undefined;

  splitId(split: NamedSplit): string {
    return split.name;
  }

  createEnumerator(
    context: EnumeratorContext<NamedSplit>,
    state: readonly NamedSplit[] | null,
  ): SplitEnumerator<NamedSplit, readonly NamedSplit[]> {
    const splits = [...(state ?? [{ name: "a" }, { name: "b" }])];
    return {
      start: () => undefined,
      handleSplitRequest(subtask): void {
        const split = splits.shift();
        if (split !== undefined) context.assign(split, subtask);
      },
      addSplitsBack: (back) => splits.push(...back),
      snapshot: () => [...splits],
    };
  }

  createReader(context: ReaderContext): SourceReader<string, NamedSplit> {
    const splits: NamedSplit[] = [];
    this.ask = () => context.requestSplit();
    return {
      start: () => context.requestSplit(),
      addSplits: (added) => void splits.push(...added),
      noMoreSplits: () => undefined,
      poll(output: ReaderOutput<string>): PollResult {
        const split = splits.shift();
        if (split === undefined) return "idle";
        output.split(split.name).collect(split.name, NO_TIMESTAMP, 0);
        output.release(split.name);
        return "more";
      },
      snapshot: () => [...splits],
    };
  }
}

describe("a split that is assigned while a cut is under way", () => {
  test("is in the snapshot of a second checkpoint that was triggered before the first cut ended", async () => {
    const checkpointDir = temporaryFolder();
    const values: string[] = [];
    const gates: Gate[] = [];
    const sink: Sink<string> = {
      describe: "gated",
      guarantee: "none",
      createWriter: () => ({
        write: (value) => void values.push(value),
        flush: () => {
          const gate = new Gate();
          gates.push(gate);
          return gate.opened;
        },
      }),
    };
    const source = new AskedSource();
    const build = (env: Parameters<Parameters<typeof startJob>[0]>[0]): void => {
      env
        .fromSource(source, WatermarkStrategy.noWatermarks(), "asked")
        .uid("asked")
        .sinkTo(sink)
        .uid("sink");
    };
    const first = await startJob(build, {}, { checkpointDir });
    await eventually(() => values.length === 1);
    const savepoints = [first.savepoint()];
    await eventually(() => gates.length === 1);
    source.ask();
    savepoints.push(first.savepoint());
    gates[0]?.open();
    await eventually(() => gates.length === 2);
    gates[1]?.open();
    const [, from] = await Promise.all(savepoints);
    first.cancel();
    await first.result;
    values.length = 0;
    const second = await startJob(build, {}, { checkpointDir, from: from as string });
    await eventually(() => values.length > 0);
    second.cancel();
    await second.result;
    expect(values).toEqual(["b"]);
  });
});
