import { describe, expect, test } from "vitest";
import type {
  CollectSink,
  SinkPrepareContext,
  SinkWriter,
  SinkWriterContext,
} from "../../../core/connector/index.ts";
import { blackholeSink, collectSink, printSink } from "../../../core/connector/index.ts";
import type { MetricGroup } from "../../../core/ports/index.ts";

const metrics: MetricGroup = {
  counter: () => ({ inc: () => {}, count: 0 }),
  gauge: () => {},
  histogram: () => {
    throw new Error("no sink of the core has a histogram");
  },
  addGroup: () => metrics,
};

function writerContext(overrides: Partial<SinkWriterContext> = {}): SinkWriterContext {
  return {
    uid: "results",
    runId: "0a1b2c3d",
    subtask: 0,
    parallelism: 1,
    writerId: "writer",
    firstIndex: 0,
    lastCheckpoint: 0,
    clock: { now: () => 0 },
    metrics,
    print: () => {},
    ...overrides,
  };
}

describe("the print sink", () => {
  test.each([
    { label: undefined, parallelism: 1, prints: "value" },
    { label: undefined, parallelism: 2, prints: "2> value" },
    { label: "late", parallelism: 1, prints: "late> value" },
    { label: "late", parallelism: 2, prints: "late:2> value" },
  ])("with label $label at parallelism $parallelism prints $prints", (row) => {
    const lines: string[] = [];
    const sink = printSink<string>(row.label === undefined ? {} : { label: row.label });
    const print = (line: string): void => void lines.push(line);
    const subtask = row.parallelism - 1;
    sink
      .createWriter(writerContext({ subtask, parallelism: row.parallelism, print }))
      .write("value", 0);
    expect(lines).toEqual([row.prints]);
  });

  test.each([
    { value: { at: new Date(0), n: 1 }, text: '{"at":"1970-01-01T00:00:00.000Z","n":1}' },
    { value: ["a", 2n, NaN], text: '["a","2","NaN"]' },
    { value: new Map([["a", new Set([1])]]), text: '[["a",[1]]]' },
    { value: null, text: "null" },
    { value: undefined, text: "undefined" },
    { value: 1.5, text: "1.5" },
  ])("prints $text on one line", ({ value, text }) => {
    const lines: string[] = [];
    const print = (line: string): void => void lines.push(line);
    printSink().createWriter(writerContext({ print })).write(value, 0);
    expect(lines).toEqual([text]);
  });
});

describe("the blackhole sink", () => {
  test("takes records and has nothing to commit", () => {
    const sink = blackholeSink<number>();
    const writer = sink.createWriter(writerContext());
    writer.write(1, 0);
    expect("prepareCommit" in writer).toBe(false);
    expect("createCommitter" in sink).toBe(false);
  });
});

function prepareContext(restoredCheckpoint: number | null): SinkPrepareContext<never> {
  return {
    uid: "results",
    runId: "0a1b2c3d",
    restoredCheckpoint,
    committables: [],
    retained: [],
    notice: () => {},
  };
}

async function cut<T>(writer: SinkWriter<T, unknown>, checkpoint: number): Promise<unknown[]> {
  return [...((await writer.prepareCommit?.(checkpoint)) ?? [])];
}

async function commit<T>(collect: CollectSink<T>, committables: unknown[]): Promise<void> {
  // The committables come from the same sink's writer.
  await collect.sink.createCommitter?.().commit(committables as never);
}

describe("the collect sink", () => {
  test("shows records when their checkpoint is complete, not before", async () => {
    const collect = collectSink<string>();
    const writer = collect.sink.createWriter(writerContext());
    writer.write("a", 0);
    const committables = await cut(writer, 1);
    writer.write("b", 0);
    expect(collect.values).toEqual([]);
    await commit(collect, committables);
    expect(collect.values).toEqual(["a"]);
  });

  test("collects once what is committed again after a restore", async () => {
    const collect = collectSink<string>();
    const writers = [0, 1].map((subtask) => collect.sink.createWriter(writerContext({ subtask })));
    const cuts: unknown[] = [];
    for (const [subtask, writer] of writers.entries()) {
      writer.write(`of ${subtask}`, 0);
      cuts.push(...(await cut(writer, 1)));
    }
    await commit(collect, cuts);
    await collect.sink.prepare?.(prepareContext(1));
    await commit(collect, cuts);
    expect(collect.values).toEqual(["of 0", "of 1"]);
  });

  test("forgets what comes again after a restore from an older checkpoint", async () => {
    const collect = collectSink<string>();
    const writer = collect.sink.createWriter(writerContext());
    for (const checkpoint of [1, 2]) {
      writer.write(`before ${checkpoint}`, 0);
      await commit(collect, await cut(writer, checkpoint));
    }
    expect(collect.values).toEqual(["before 1", "before 2"]);
    await collect.sink.prepare?.(prepareContext(1));
    expect(collect.values).toEqual(["before 1"]);
  });

  test("is empty again in a fresh run", async () => {
    const collect = collectSink<number>();
    const writer = collect.sink.createWriter(writerContext());
    writer.write(1, 0);
    await commit(collect, await cut(writer, 1));
    await collect.sink.prepare?.(prepareContext(null));
    expect(collect.values).toEqual([]);
  });

  test("may end two streams of a job", async () => {
    const collect = collectSink<string>();
    for (const uid of ["a", "b"]) {
      const writer = collect.sink.createWriter(writerContext({ uid }));
      writer.write(uid, 0);
      await commit(collect, await cut(writer, 1));
    }
    await collect.sink.prepare?.({ ...prepareContext(null), uid: "b" });
    expect(collect.values).toEqual(["a"]);
  });

  test("has nothing to commit when nothing came", async () => {
    const writer = collectSink<number>().sink.createWriter(writerContext());
    expect(await cut(writer, 1)).toEqual([]);
  });
});
