import { gzipSync } from "node:zlib";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DataError } from "../../../../core/errors.ts";
import type { LineFormat } from "../../../../infra/connectors/file/file-format.ts";
import { fileSource } from "../../../../infra/connectors/file/file-source.ts";
import { ndjson } from "../../../../infra/connectors/file/formats/ndjson.ts";
import { text } from "../../../../infra/connectors/file/formats/text.ts";
import type { Dirty, SourceHarness } from "../../../core/connector/source-harness.ts";
import { runCut, runSource } from "../../../core/connector/source-harness.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
let files = 0;

function write(content: string | Uint8Array, extension = "txt"): string {
  return folder.write(`${files++}.${extension}`, content);
}

function read<T>(path: string, format: LineFormat<T>): Promise<SourceHarness<T>> {
  return runSource(fileSource({ path, format }));
}

/** Lines with everything that can go wrong at a border: empty, white space, 2, 3 and 4 byte characters. */
const line = fc.stringMatching(/^[aé€😀 \t]{0,6}$/u);
const lines = fc.array(line, { maxLength: 12 });
const lineEnd = fc.constantFrom("\n", "\r\n");

describe("a file of text", () => {
  test("gives each line once and in order, whatever the split size", async () => {
    const splitBytes = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(lines, lineEnd, fc.boolean(), splitBytes, async (all, end, last, size) => {
        const path = write(all.join(end) + (last && all.length > 0 ? end : ""));
        const source = fileSource({ path, format: text(), splitBytes: size });
        const run = await runSource(source, { parallelism: 1, recordsMax: 2 });
        // Without a line break behind it, an empty last line is none.
        const open = !last && all.at(-1) === "";
        expect(run.values).toEqual(open ? all.slice(0, -1) : all);
        const expected = run.assigned.map((id) => Number(id.split("#")[1]));
        expect(expected).toEqual([...expected].sort((left, right) => left - right));
      }),
    );
  });

  test("goes on after a cut at any line with exactly the rest of each split", async () => {
    const small = fc.integer({ min: 1, max: 3 });
    await fc.assert(
      fc.asyncProperty(lines, fc.nat(12), fc.nat(30), small, small, async (all, at, size, p, q) => {
        const path = write(all.map((each) => `${each}\n`).join(""));
        const source = (): ReturnType<typeof fileSource<string>> =>
          fileSource({ path, format: text(), splitBytes: size + 1 });
        const before = { parallelism: p, recordsMax: 2 };
        const { first, rest } = await runCut(source, at, before, { parallelism: q });
        expect([...first.values, ...rest.values].sort()).toEqual([...all].sort());
        const whole = await runSource(source());
        const places = [...first.emitted, ...rest.emitted].map((r) => `${r.split} ${r.position}`);
        expect(places.sort()).toEqual(whole.emitted.map((r) => `${r.split} ${r.position}`).sort());
      }),
    );
  });

  test("is read in order across blocks, with characters that lie on their borders", async () => {
    const all = Array.from({ length: 60_000 }, (_, at) => `${at} ${"é€😀".repeat(at % 7)}`);
    const path = write(all.join("\n"));
    const run = await read(path, text());
    expect(run.values).toEqual(all);
    expect(run.assigned).toHaveLength(1);
  });

  test("may have lines longer than a block", async () => {
    const all = ["x".repeat(3_000_000), "y", "z".repeat(1_048_576)];
    expect((await read(write(all.join("\n")), text())).values).toEqual(all);
  });

  test("may be empty, or start with a byte order mark", async () => {
    expect((await read(write(""), text())).values).toEqual([]);
    expect((await read(write("\ufeffa\nb"), text())).values).toEqual(["a", "b"]);
  });

  test("hands over lines that are no UTF-8 as dirty, and only those", async () => {
    const bytes = Buffer.concat([
      Buffer.from("a\n"),
      Buffer.from([0xff, 10]),
      Buffer.from("\ufffd\nb"),
    ]);
    const run = await read(write(bytes), text());
    expect(run.values).toEqual(["a", "\ufffd", "b"]);
    expect(run.emitted.map((record) => record.position)).toEqual([0, 2, 3]);
    expect(described(run.dirty)).toEqual([
      expect.stringMatching(/^line 2 of .*: the line is not UTF-8/),
    ]);
  });

  test("that gets shorter while it is read fails the job", async () => {
    const path = write("a\nb\nc\n");
    const first = await runSource(fileSource({ path, format: text() }), { stopAfter: 1 });
    folder.write(`${files - 1}.txt`, "a\n");
    const rest = runSource(fileSource({ path, format: text() }), { restore: first.cut() });
    await expect(rest).rejects.toMatchObject({ name: "StorageError", code: "FILE_CHANGED" });
  });
});

describe("the share done", () => {
  test("is that of the bytes of finished blocks and ranges, or of gzip files", async () => {
    const path = write("1\n2\n3\n4\n");
    const source = fileSource({ path, format: text(), splitBytes: 2 });
    const run = await runSource(source, { stopAfter: 3, recordsMax: 1 });
    expect(run.done).toBe(0.5);
    const zipped = fileSource({ path: write(gzipSync("1\n2\n"), "gz"), format: text() });
    expect((await runSource(zipped, { stopAfter: 1 })).done).toBe(0);
    expect((await runSource(zipped)).done).toBe(1);
  });
});

describe("several files", () => {
  test("are handed out in file order, also after a restore", async () => {
    for (const name of ["a", "b", "c"]) {
      folder.write(
        `order/${name}.txt`,
        Array.from({ length: 9 }, (_, at) => `${name}${at}`).join("\n"),
      );
    }
    const source = (): ReturnType<typeof fileSource<string>> =>
      fileSource({ path: `${folder.path}/order`, format: text(), splitBytes: 10 });
    const names = (run: SourceHarness<string>): string[] =>
      run.assigned.map((id) => id.slice(id.lastIndexOf("/") + 1));
    const whole = ["a", "b", "c"].flatMap((name) => [0, 10, 20].map((at) => `${name}.txt#${at}`));
    expect(names(await runSource(source(), { parallelism: 2 }))).toEqual(whole);
    const { first, rest } = await runCut(source, 5, { parallelism: 3, recordsMax: 1 }, {});
    const finished = new Set(first.released);
    expect(rest.assigned).toEqual(
      (await runSource(source())).assigned.filter((id) => !finished.has(id)),
    );
    expect(names(rest)[0]).toBe("a.txt#0");
  });
});

describe("a gzip file", () => {
  const all = Array.from({ length: 30_000 }, (_, at) => ({ at, text: "é".repeat(at % 90) }));
  const content = all.map((each) => `${JSON.stringify(each)}\n`).join("");

  test("is one split, also of several members", async () => {
    const half = content.indexOf("\n", content.length / 2) + 1;
    const members = [gzipSync(content.slice(0, half)), gzipSync(content.slice(half))];
    const path = write(Buffer.concat(members), "ndjson.gz");
    const source = fileSource({ path, format: ndjson(), splitBytes: 1_000 });
    const run = await runSource(source, { parallelism: 2 });
    expect(run.assigned).toHaveLength(1);
    expect(run.values).toEqual(all);
  });

  test.each([0, 1, 9_999, 29_999, 30_000])("goes on after %i records", async (at) => {
    const path = write(gzipSync(content), "ndjson.gz");
    const source = (): ReturnType<typeof fileSource<unknown>> =>
      fileSource({ path, format: ndjson() });
    const { first, rest } = await runCut(source, at, {}, {});
    expect([...first.values, ...rest.values]).toEqual(all);
    expect(first.values).toHaveLength(at);
  });

  test.each([
    ["is cut short", gzipSync(content).subarray(0, 5_000), "is cut short"],
    ["is none", Buffer.from("a\nb\n"), "is no gzip file or is damaged"],
  ])("that %s is one clear line", async (_name, bytes, message) => {
    const failed = read(write(bytes, "ndjson.gz"), ndjson());
    await expect(failed).rejects.toMatchObject({ name: "DataError", code: "GZIP_INVALID" });
    await expect(failed).rejects.toThrow(message);
  });
});

describe("a file of NDJSON", () => {
  test("skips blank lines, which have no position", async () => {
    const run = await read(write('\n{"a":1}\r\n \t\r\n\n"b"\n\n[null]'), ndjson());
    expect(run.values).toEqual([{ a: 1 }, "b", [null]]);
    expect(run.emitted.map((record) => record.position)).toEqual([0, 1, 2]);
  });

  test("hands over lines that are no JSON as dirty, with their place", async () => {
    const path = write('{"a":1}\n\n{"é": tru}\n3\n');
    const run = await read(path, ndjson());
    expect(run.values).toEqual([{ a: 1 }, 3]);
    expect(run.dirty).toMatchObject([{ raw: '{"é": tru}', position: 1 }]);
    expect(described(run.dirty)[0]).toMatch(
      /^line 3 of .*\.txt \(byte 9\): the line is not JSON \(.*\) \(got "\{\\"é\\": tru\}"\); each line must be/,
    );
  });

  test("names the byte where it cannot know the line, and cuts long lines", async () => {
    const path = write(`1\n2\n${"[".repeat(500)}\n`);
    const source = fileSource({ path, format: ndjson(), splitBytes: 3 });
    const [message] = described((await runSource(source)).dirty);
    expect(message).toContain(`byte 4 of ${path}: the line is not JSON`);
    expect(message).toContain(`(got "${"[".repeat(196)}...)`);
  });

  test("goes on after a cut at any record, dirty ones included", async () => {
    const path = write("1\n\n2\nx\n\n3\ny\n4");
    for (let at = 0; at <= 6; at++) {
      const source = (): ReturnType<typeof fileSource<unknown>> =>
        fileSource({ path, format: ndjson() });
      const { first, rest } = await runCut(source, at, { recordsMax: 1 }, {});
      expect([...first.values, ...rest.values]).toEqual([1, 2, 3, 4]);
      expect([...first.dirty, ...rest.dirty].map((each) => each.raw)).toEqual(["x", "y"]);
    }
  });
});

describe("a schema", () => {
  /** A number of at least 1 under `price`, as a string or a number. */
  const price: StandardSchemaV1<unknown, { price: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate(value) {
        const number = Number((value as { price?: unknown }).price);
        if (number >= 1) return { value: { price: number } };
        const path = ["items", 2, { key: "price" }];
        return { issues: [{ message: "is below 1", path }, { message: "second" }] };
      },
    },
  };

  test("gives its output, and names the path of what it refuses", async () => {
    const run = await read(write('{"price":"5"}\n{"price":0}\n'), ndjson({ schema: price }));
    expect(run.values).toEqual([{ price: 5 }]);
    expect(described(run.dirty)[0]).toContain(
      'the record does not fit the schema (items[2].price: is below 1 and 1 more) (got "{\\"price\\":0}")',
    );
    expect((run.dirty[0]?.error as DataError).code).toBe("SCHEMA_MISMATCH");
  });

  test("that is asynchronous is an error of the job, not of the record", async () => {
    const validate = (): Promise<never> => new Promise(() => {});
    const schema = { "~standard": { version: 1 as const, vendor: "test", validate } };
    await expect(read(write("1\n"), ndjson({ schema }))).rejects.toMatchObject({
      code: "USAGE_ASYNC_SCHEMA",
    });
  });
});

describe("a format of the user's own", () => {
  const pairs: LineFormat<readonly string[]> = {
    kind: "lines",
    describe: "pairs",
    extension: "pairs",
    blankLines: "skip",
    decode(line) {
      const pair = line.split("=");
      if (pair.length !== 2) throw new Error("no pair");
      return pair;
    },
    encode: (pair) => pair.join("="),
  };

  test("reads, and its errors say where", async () => {
    const run = await read(write("a=1\nb\n"), pairs);
    expect(run.values).toEqual([["a", "1"]]);
    expect(described(run.dirty)[0]).toMatch(/^line 2 of .* \(byte 4\): no pair \(got "b"\); /);
  });
});

describe("what a format writes", () => {
  test.each([
    ["text", text().encode, "a", "a"],
    [
      "NDJSON",
      ndjson().encode,
      { at: new Date(0), text: "\n" },
      '{"at":"1970-01-01T00:00:00.000Z","text":"\\n"}',
    ],
  ])("%s is one line", (_name, encode, value, expected) => {
    expect(encode(value as never)).toBe(expected);
  });

  test("a value that is no line or has no JSON form is refused", () => {
    expect(() => text().encode("a\nb")).toThrow("cannot hold this value as one line");
    expect(() => ndjson().encode(undefined)).toThrow("the value has no JSON form (got undefined)");
  });
});

describe("the options of a file source", () => {
  test.each([
    ["no path", { path: [] }, "USAGE_FILE_PATH"],
    ["an empty path", { path: "" }, "USAGE_FILE_PATH"],
    ["an unusable split size", { path: "a", splitBytes: 0 }, "USAGE_SPLIT_BYTES"],
  ])("refuse %s", (_name, options, code) => {
    expect(() => fileSource({ format: text(), ...options })).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});

function described(dirty: readonly Dirty[]): string[] {
  return dirty.map(({ error }) => (error as DataError).describe());
}
