import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { Sink } from "../../../../core/connector/index.ts";
import { MillraceError, StorageError, UsageError } from "../../../../core/errors.ts";
import type { LineFormat } from "../../../../infra/connectors/file/file-format.ts";
import type { FileSinkOptions } from "../../../../infra/connectors/file/file-sink.ts";
import { fileSink, fileSinkWithin } from "../../../../infra/connectors/file/file-sink.ts";
import { day } from "../../../../infra/connectors/file/file-sink-partition.ts";
import { fileSinkLimits } from "../../../../infra/connectors/file/file-sink-writer.ts";
import {
  RUN,
  UID,
  commit,
  cut,
  filesIn,
  lines,
  linesIn,
  prepareContext,
  recordedMetrics,
  tempFolder,
  writerContext,
} from "./file-sink-harness.ts";

/** What went wrong, as the user reads it. */
async function failure(action: () => unknown): Promise<MillraceError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

async function outFolder(): Promise<string> {
  return join(await tempFolder(), "out");
}

/** A sink in a fresh folder, prepared, with one writer. */
async function started(options: Partial<FileSinkOptions<string>> = {}, limits = {}) {
  const path = await outFolder();
  const all = { path, format: lines, ...options };
  const sink = fileSinkWithin<string>(all, { ...fileSinkLimits, ...limits });
  await sink.prepare?.(prepareContext());
  return { path, sink, writer: sink.createWriter(writerContext()) };
}

describe("a file sink", () => {
  test("shows lines when their checkpoint is committed, not before", async () => {
    const { path, sink, writer } = await started();
    writer.write("a", 0);
    writer.write("ä€😀", 0);
    const committables = await cut(writer, 7);
    expect(await filesIn(path)).toEqual([]);
    await commit(sink, committables);
    expect(await filesIn(path)).toEqual([`part-${RUN}-${UID}-0-7-0.txt`]);
    expect(await readFile(join(path, `part-${RUN}-${UID}-0-7-0.txt`), "utf8")).toBe("a\nä€😀\n");
    expect(committables).toEqual([
      {
        directory: path,
        hidden: expect.stringMatching(
          new RegExp(`^\\.part-${RUN}-${UID}-0-[0-9a-f]{8}-0\\.inprogress$`),
        ) as string,
        final: `part-${RUN}-${UID}-0-7-0.txt`,
        bytes: 12,
      },
    ]);
  });

  test("has nothing to commit when nothing came, and leaves no file", async () => {
    const { path, writer } = await started();
    expect(await cut(writer, 1)).toEqual([]);
    expect(await filesIn(path, true)).toEqual([]);
  });

  test("puts records into the folder that partitionBy names", async () => {
    const partitionBy = (value: string): string => `by/${value}`;
    const { path, sink, writer } = await started({ partitionBy });
    for (const value of ["a", "b", "a"]) writer.write(value, 0);
    await commit(sink, await cut(writer, 1));
    expect(await filesIn(path)).toEqual([
      `by/a/part-${RUN}-${UID}-0-1-0.txt`,
      `by/b/part-${RUN}-${UID}-0-1-0.txt`,
    ]);
    expect(await linesIn(path)).toEqual(["a", "a", "b"]);
  });

  test("closes a file at the size it is given", async () => {
    const { path, sink, writer } = await started({ rolling: { bytes: 10 } });
    for (const value of ["1234", "1234", "1234", "123456789", "x"]) writer.write(value, 0);
    await commit(sink, await cut(writer, 1));
    const sizes = await Promise.all(
      (await filesIn(path)).map(async (file) => (await readFile(join(path, file))).length),
    );
    expect(sizes).toEqual([10, 15, 2]);
  });

  test("closes a file at the age it is given", async () => {
    let now = 1_000;
    const { sink } = await started({ rolling: { age: { seconds: 10 } } }, { ageCheckRecords: 2 });
    const writer = sink.createWriter(writerContext({ clock: { now: () => now } }));
    for (const at of [1_000, 10_999, 10_999, 11_000, 11_000]) {
      now = at;
      writer.write(String(at), 0);
    }
    expect((await cut(writer, 1)).map((each) => each.bytes)).toEqual([23, 6]);
  });

  test("keeps the lines of a folder in order over many small writes and reopened files", async () => {
    const partitionBy = (value: string): string => `p${Number(value) % 7}`;
    const limits = { chunkCharacters: 20, bufferedCharactersMax: 100, idleFilesMax: 2 };
    const { path, sink, writer } = await started({ partitionBy }, limits);
    for (let i = 0; i < 500; i++) {
      writer.write(String(i), 0);
      await writer.backlog?.();
    }
    await commit(sink, await cut(writer, 1));
    for (let p = 0; p < 7; p++) {
      const text = await readFile(join(path, `p${p}/part-${RUN}-${UID}-0-1-0.txt`), "utf8");
      const expected = Array.from({ length: 500 }, (_, i) => i).filter((i) => i % 7 === p);
      expect(text).toBe(`${expected.join("\n")}\n`);
    }
  });

  test("keeps few files open, and counts what it writes", async () => {
    const limits = { idleFilesMax: 3, chunkCharacters: 1 };
    const { sink } = await started({ partitionBy: (value) => value }, limits);
    const { metrics, gauges, counts } = recordedMetrics();
    const open: number[] = [];
    const progress = (): void => void open.push(gauges.get("openFiles")?.() ?? -1);
    await sink.prepare?.(prepareContext({ progress }));
    const writer = sink.createWriter(writerContext({ metrics }));
    for (let i = 0; i < 6; i++) writer.write(`p${i}`, 0);
    expect(gauges.get("bufferedCharacters")?.()).toBe(18);
    await cut(writer, 1);
    expect(open.slice(0, 6)).toEqual([1, 2, 3, 3, 3, 3]);
    expect(gauges.get("openFiles")?.()).toBe(0);
    expect(gauges.get("bufferedCharacters")?.()).toBe(0);
    expect(counts.get("numBytesOut")).toBe(18);
  });

  test("holds the source back while too much waits in memory, and lets it go on", async () => {
    const { writer } = await started({}, { bufferedCharactersMax: 100 });
    let held = 0;
    for (let i = 0; i < 100; i++) {
      writer.write("0123456789", 0);
      const backlog = writer.backlog?.() ?? null;
      if (backlog !== null) held += 1;
      await backlog;
    }
    expect(held).toBe(10);
    expect(writer.backlog?.()).toBeNull();
    await writer.close?.();
  });

  test("puts what is written while a checkpoint is made into the next one", async () => {
    const { path, sink, writer } = await started();
    writer.write("before", 0);
    const first = cut(writer, 1);
    writer.write("behind", 0);
    await commit(sink, await first);
    expect(await linesIn(path)).toEqual(["before"]);
    await commit(sink, await cut(writer, 2));
    expect(await linesIn(path)).toEqual(["before", "behind"]);
  });

  test("may share a folder with other subtasks, sinks and jobs", async () => {
    const { path, sink, writer } = await started();
    writer.write("subtask 0", 0);
    const others = [
      { subtask: 1, parallelism: 2 },
      { uid: "other" },
      { runId: "00000000" },
      { uid: `${UID}-0` },
    ];
    const cuts = [...(await cut(writer, 1))];
    for (const each of others) {
      const other = fileSink<string>({ path, format: lines });
      if (!("subtask" in each)) await other.prepare?.(prepareContext(each));
      const otherWriter = other.createWriter(writerContext(each));
      otherWriter.write(JSON.stringify(each), 0);
      cuts.push(...(await cut(otherWriter, 1)));
    }
    await commit(sink, cuts);
    expect(await linesIn(path)).toHaveLength(5);
  });

  test("deletes what no checkpoint knows when it is closed", async () => {
    const { path, writer } = await started({ rolling: { bytes: 4 } }, { chunkCharacters: 2 });
    writer.write("rolled", 0);
    const kept = await cut(writer, 1);
    writer.write("rolled again", 0);
    writer.write("a", 0);
    await writer.close?.();
    expect(await filesIn(path, true)).toEqual(kept.map((each) => each.hidden));
  });

  test("tells its steps", async () => {
    const path = await outFolder();
    const sink = fileSinkWithin<string>(
      { path, format: lines },
      { ...fileSinkLimits, chunkCharacters: 4 },
    );
    const steps: string[] = [];
    const progress = (event: string): void => void steps.push(event.split(" ")[0] ?? "");
    await sink.prepare?.(prepareContext({ progress }));
    const writer = sink.createWriter(writerContext());
    writer.write("12345", 0);
    await commit(sink, await cut(writer, 1));
    expect(steps).toEqual(["write-part", "pre-commit", "before-rename", "after-rename"]);
  });
});

describe("a fresh start of a file sink", () => {
  async function existing(mode?: "keep" | "set-aside" | "refuse") {
    const path = await outFolder();
    await mkdir(join(path, "2001-01-01"), { recursive: true });
    await writeFile(join(path, "2001-01-01", "old.txt"), "old\n");
    await writeFile(join(path, ".other.inprogress"), "of another job");
    const sink = fileSink<string>({
      path,
      format: lines,
      ...(mode === undefined ? {} : { existing: mode }),
    });
    const notices: string[] = [];
    const context = prepareContext({ notice: (line) => notices.push(line) });
    return { path, sink, notices, context };
  }

  test("keeps what is there, and says so", async () => {
    const { path, sink, notices, context } = await existing();
    await sink.prepare?.(context);
    expect(notices).toEqual([`${path}: 1 finished file is kept, new ones are added beside it`]);
    expect(await filesIn(path, true)).toEqual([".other.inprogress", "2001-01-01/old.txt"]);
  });

  test("sets the folder aside under the first free name, and says so", async () => {
    const { path, sink, notices, context } = await existing("set-aside");
    await mkdir(`${path}.previous-1`);
    await sink.prepare?.(context);
    expect(notices).toEqual([
      `${path}: 1 finished file of an earlier run is set aside, it is in ${path}.previous-2 now`,
    ]);
    expect(await filesIn(path, true)).toEqual([]);
    expect(await linesIn(`${path}.previous-2`)).toEqual(["old"]);
  });

  test("refuses when it is told to", async () => {
    const { path, sink, context } = await existing("refuse");
    const error = await failure(() => sink.prepare?.(context));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.describe()).toBe(
      `${path} already holds 1 finished file; choose another path, move the files away, or set existing: "keep" or "set-aside"`,
    );
  });

  test.each(["keep", "set-aside", "refuse"] as const)(
    "says nothing about an empty folder with existing: %s",
    async (mode) => {
      const path = await outFolder();
      const notices: string[] = [];
      const sink = fileSink<string>({ path, format: lines, existing: mode });
      for (let start = 0; start < 2; start++) {
        await sink.prepare?.(prepareContext({ notice: (line) => notices.push(line) }));
        await writeFile(join(path, `.part-${RUN}-${UID}-0-00000000-0.inprogress`), "x");
      }
      expect(notices).toEqual([]);
      expect(await readdir(join(path, ".."))).toEqual(["out"]);
    },
  );

  test("deletes what an attempt of the same run left behind before its first checkpoint", async () => {
    const { path, sink, context } = await existing();
    await writeFile(join(path, `.part-${RUN}-${UID}-0-00000000-0.inprogress`), "x");
    await sink.prepare?.(context);
    expect(await filesIn(path, true)).toEqual([".other.inprogress", "2001-01-01/old.txt"]);
  });

  test("fails with one clear line when the folder cannot be made", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "file"), "");
    for (const [path, reason] of [
      [join(folder, "file"), "a part of the path is a file, not a folder"],
      [join(folder, "file", "out"), "a part of the path is a file, not a folder"],
    ] as const) {
      const sink = fileSink<string>({ path, format: lines });
      const error = await failure(() => sink.prepare?.(prepareContext()));
      expect(error).toBeInstanceOf(StorageError);
      expect(error.describe()).toBe(
        `cannot write to the folder "${path}" (${reason}); choose another path`,
      );
    }
  });
});

describe("a restored file sink", () => {
  test("commits again without harm", async () => {
    const { path, sink, writer } = await started();
    writer.write("a", 0);
    const committables = await cut(writer, 1);
    await commit(sink, committables);
    await commit(sink, committables);
    expect(await linesIn(path)).toEqual(["a"]);
  });

  test("hides finished files of later checkpoints, and says so", async () => {
    const { path, sink, writer } = await started();
    for (const checkpoint of [1, 2, 3]) {
      writer.write(`of ${checkpoint}`, 0);
      await commit(sink, await cut(writer, checkpoint));
    }
    const notices: string[] = [];
    const notice = (line: string): void => void notices.push(line);
    await sink.prepare?.(prepareContext({ restoredCheckpoint: 1, notice }));
    expect(await linesIn(path)).toEqual(["of 1"]);
    expect(notices).toEqual([
      `${path}: 2 finished files of checkpoints after 1 are hidden (renamed to .*.superseded), because their records are written again`,
    ]);
    expect((await filesIn(path, true)).filter((file) => file.endsWith(".superseded"))).toEqual([
      `.part-${RUN}-${UID}-0-2-0.txt.superseded`,
      `.part-${RUN}-${UID}-0-3-0.txt.superseded`,
    ]);
  });

  test("does not apply `existing`", async () => {
    const { path, sink, writer } = await started({ existing: "refuse" });
    writer.write("a", 0);
    await commit(sink, await cut(writer, 1));
    await sink.prepare?.(prepareContext({ restoredCheckpoint: 1 }));
    expect(await linesIn(path)).toEqual(["a"]);
  });

  test.each([
    {
      name: "is gone",
      harm: (hidden: string, _final: string) => rm(hidden),
      code: "FILE_SINK_LOST",
    },
    {
      name: "has changed",
      harm: (hidden: string, _final: string) => writeFile(hidden, "other bytes"),
      code: "FILE_SINK_DAMAGED",
    },
    {
      name: "has a name that is taken",
      harm: (_hidden: string, final: string) => writeFile(final, "of the user"),
      code: "FILE_SINK_CONFLICT",
    },
  ])("refuses a pending file that $name", async ({ harm, code }) => {
    const { path, sink, writer } = await started();
    writer.write("a", 0);
    const committables = await cut(writer, 1);
    const { hidden, final } = committables[0]!;
    await harm(join(path, hidden), join(path, final));
    const before = await filesIn(path, true);
    const error = await failure(() => commit(sink, committables));
    expect(error).toBeInstanceOf(StorageError);
    expect([error.code, error.hint]).toEqual([code, expect.any(String)]);
    expect(await filesIn(path, true)).toEqual(before);
  });

  test("finds its pending files by the path they were written under", async () => {
    const first = await started();
    first.writer.write("a", 0);
    const committables = await cut(first.writer, 1);
    const second = fileSink<string>({ path: await outFolder(), format: lines });
    await second.prepare?.(prepareContext({ restoredCheckpoint: 1, committables }));
    await commit(second, committables);
    expect(await linesIn(first.path)).toEqual(["a"]);
  });
});

describe("a file sink that cannot write", () => {
  test("fails the checkpoint and every later write with one clear line", async () => {
    const { path, writer } = await started({}, { chunkCharacters: 2 });
    await rename(path, `${path}.moved`);
    await writeFile(path, "");
    writer.write("abc", 0);
    const error = await failure(() => cut(writer, 1));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch(
      /^cannot write ".*" \(there is a file where the folder should be\)$/,
    );
    expect(() => writer.write("d", 0)).toThrow(error);
    expect((await failure(() => cut(writer, 2))).message).toBe(error.message);
    expect(writer.backlog?.()).toBeNull();
    await writer.close?.();
  });

  test.each([
    { partition: "../out", fault: 'a ".."' },
    { partition: "a/../b", fault: 'a ".."' },
    { partition: "/a", fault: "an absolute path" },
    { partition: "C:/a", fault: "an absolute path" },
    { partition: "a\\b", fault: "a forbidden character" },
    { partition: "a\0b", fault: "a forbidden character" },
    { partition: "", fault: "an empty name" },
    { partition: "a//b", fault: "an empty name" },
    { partition: "a/", fault: "an empty name" },
    { partition: "a/.b", fault: "a name that begins with a dot, which readers skip" },
    { partition: null, fault: "no string" },
    { partition: undefined, fault: "no string" },
  ])("refuses the folder $partition", async ({ partition, fault }) => {
    // The types allow a string only; plain JavaScript may return anything.
    const partitionBy = (): string => partition as string;
    const { writer } = await started({ partitionBy });
    const error = await failure(() => writer.write("a", 0));
    expect(error.message).toContain(`"partitionBy" returned ${fault} (got `);
    expect(error.code).toBe("FILE_SINK_PARTITION");
  });

  test("refuses a record that its format has no text for", async () => {
    const format: LineFormat<string> = { ...lines, encode: () => undefined as unknown as string };
    const { writer } = await started({ format });
    expect((await failure(() => writer.write("a", 0))).message).toBe(
      'format lines has no text for a record (got "a")',
    );
  });

  test.each([
    { option: "path", options: { path: " " } },
    { option: "format", options: { format: { kind: "blocks" } } },
    { option: "partitionBy", options: { partitionBy: "day" } },
    { option: "existing", options: { existing: "overwrite" } },
    { option: "rolling.bytes", options: { rolling: { bytes: 0.5 } } },
  ])("refuses an unusable option $option", ({ option, options }) => {
    // The types refuse these; plain JavaScript does not.
    const all = { path: "out", format: lines, ...options } as FileSinkOptions<string>;
    expect(() => fileSink(all)).toThrow(UsageError);
    expect(() => fileSink(all)).toThrow(`fileSink: "${option}" cannot be used (got `);
  });

  test("refuses an age that is no duration", () => {
    const rolling = { age: { hours: -1 } };
    expect(() => fileSink({ path: "out", format: lines, rolling })).toThrow("rolling.age");
  });
});

interface Row {
  readonly windowStart: Date;
}
declare function sinkTo(sink: Sink<Row>): void;
declare function ndjson<T>(): LineFormat<T>;

describe("the type of a file sink's records", () => {
  test("is inferred from the stream it ends", () => {
    const typed = (): void => {
      sinkTo(
        fileSink({
          path: "out",
          format: ndjson(),
          partitionBy: (row) => {
            expectTypeOf(row).toEqualTypeOf<Row>();
            return day(row.windowStart);
          },
        }),
      );
      // @ts-expect-error a row has no such field
      sinkTo(fileSink({ path: "out", format: ndjson(), partitionBy: (row) => row.day }));
    };
    expect(typed).toBeTypeOf("function");
  });
});
