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
  mapState,
} from "../../index.ts";
import {
  Gate,
  ManualSource,
  eventually,
  listSink,
  settle,
  startJob,
  temporaryFolder,
} from "../infra/local/harness.ts";

interface NamedSplit {
  readonly name: string;
}

/** An enumerator whose snapshot is its own array, and a reader that asks when the test says so. */
class LiveSource implements Source<string, NamedSplit, readonly NamedSplit[]> {
  readonly describe = "live";
  readonly boundedness = "unbounded";
  readonly replayable = true;
  failing = false;
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
      snapshot: () => {
        if (this.failing) throw new Error("no snapshot");
        return splits;
      },
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

/** Shows what it gets, and ends its flush when the test says so. */
function gatedSink<T>(): { sink: Sink<T>; values: T[]; gates: Gate[] } {
  const values: T[] = [];
  const gates: Gate[] = [];
  const sink: Sink<T> = {
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
  return { sink, values, gates };
}

describe("a snapshot", () => {
  test("holds the enumerator's splits of its trigger, also when the enumerator hands out its own array", async () => {
    const checkpointDir = temporaryFolder();
    const { sink, values, gates } = gatedSink<string>();
    const source = new LiveSource();
    const build = (env: Parameters<Parameters<typeof startJob>[0]>[0]): void => {
      env
        .fromSource(source, WatermarkStrategy.noWatermarks(), "live")
        .uid("live")
        .sinkTo(sink)
        .uid("sink");
    };
    const first = await startJob(build, {}, { checkpointDir });
    await eventually(() => values.length === 1);
    const savepoint = first.savepoint();
    await eventually(() => gates.length === 1);
    source.ask();
    gates[0]?.open();
    const from = await savepoint;
    first.cancel();
    await first.result;
    values.length = 0;
    const second = await startJob(build, {}, { checkpointDir, from });
    await settle(() => values.length > 0, 20_000);
    second.cancel();
    await second.result;
    expect(values).toEqual(["b"]);
  });

  test("that an enumerator cannot make fails the job with a worded error", async () => {
    const source = new LiveSource();
    source.failing = true;
    const handle = await startJob(
      (env) => {
        env
          .fromSource(source, WatermarkStrategy.noWatermarks(), "live")
          .uid("live")
          .sinkTo(listSink<string>().sink)
          .uid("sink");
      },
      { checkpointing: { interval: { milliseconds: 30 } } },
    );
    await expect(handle.result).rejects.toMatchObject({
      code: "JOB_USER_CODE",
      where: { operator: "live" },
    });
  });

  test("holds broadcast state as it was at the cut, also when a value is changed in place later", async () => {
    const checkpointDir = temporaryFolder();
    const { sink, gates } = gatedSink<string>();
    const rules = new ManualSource<number>();
    const data = new ManualSource<string>();
    const seen = listSink<number>();
    const counts = mapState<string, { count: number }>("counts");
    const build = (env: Parameters<Parameters<typeof startJob>[0]>[0]): void => {
      env
        .fromSource(data, WatermarkStrategy.noWatermarks(), "data")
        .uid("data")
        .connect(
          env
            .fromSource(rules, WatermarkStrategy.noWatermarks(), "rules")
            .uid("rules")
            .broadcast(counts),
        )
        .process({
          processElement: () => undefined,
          processBroadcastElement(_value: number, ctx, out) {
            const state = ctx.getBroadcastState(counts);
            const count = state.get("all") ?? { count: 0 };
            count.count += 1;
            state.put("all", count);
            out.collect(count.count);
          },
        })
        .uid("counting")
        .sinkTo(seen.sink)
        .uid("seen");
      env
        .fromSource(new ManualSource<string>(), WatermarkStrategy.noWatermarks(), "slow")
        .uid("slow")
        .sinkTo(sink)
        .uid("sink");
    };
    const settings = { strict: false, bufferTimeout: { milliseconds: 0 } };
    const first = await startJob(build, settings, { checkpointDir });
    rules.push(1);
    await eventually(() => seen.values.length === 1);
    const savepoint = first.savepoint();
    await eventually(() => gates.length === 1);
    await settle();
    rules.push(2);
    await eventually(() => seen.values.length === 2);
    gates[0]?.open();
    const from = await savepoint;
    first.cancel();
    await first.result;
    const second = await startJob(build, settings, { checkpointDir, from });
    await settle(() => seen.values.length > 2, 20_000);
    second.cancel();
    await second.result;
    expect(seen.values).toEqual([1, 2, 2]);
  });
});
