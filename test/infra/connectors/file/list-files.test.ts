import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { listFiles } from "../../../../infra/connectors/file/list-files.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
for (const name of [
  "data/b.ndjson",
  "data/a.ndjson",
  "data/day=1/c.ndjson",
  "data/day=1/d.txt",
  "data/_SUCCESS",
  "data/.part-0.in-progress",
  "data/_temporary/e.ndjson",
  "data/.hidden/f.ndjson",
]) {
  folder.write(name, "x");
}
mkdirSync(join(folder.path, "empty"));

async function list(...paths: string[]): Promise<string[]> {
  const files = await listFiles(paths.map((path) => join(folder.path, path)));
  return files.map((file) => relative(folder.path, file));
}

describe("the files of a path", () => {
  test.each([
    ["a file", ["data/b.ndjson"], ["data/b.ndjson"]],
    [
      "a folder: all files below, sorted, without hidden ones",
      ["data"],
      ["data/a.ndjson", "data/b.ndjson", "data/day=1/c.ndjson", "data/day=1/d.txt"],
    ],
    ["a glob", ["data/*.ndjson"], ["data/a.ndjson", "data/b.ndjson"]],
    [
      "a glob over folders, without hidden ones",
      ["data/**/*.ndjson"],
      ["data/a.ndjson", "data/b.ndjson", "data/day=1/c.ndjson"],
    ],
    ["a glob that names a hidden folder", ["data/_temporary/*"], ["data/_temporary/e.ndjson"]],
    ["a hidden file that is named", ["data/_SUCCESS"], ["data/_SUCCESS"]],
    [
      "several paths: each file once",
      ["data/day=1", "data/day=1/c.ndjson", "data/a.ndjson"],
      ["data/a.ndjson", "data/day=1/c.ndjson", "data/day=1/d.txt"],
    ],
  ])("%s", async (_name, paths, files) => {
    expect(await list(...paths)).toEqual(files);
  });

  test("may be relative", async () => {
    const [file] = await listFiles(["test/infra/connectors/file/list-files.test.ts"]);
    expect(file).toBe("test/infra/connectors/file/list-files.test.ts");
    expect(await listFiles(["test/infra/connectors/file/list-*.test.ts"])).toEqual([file]);
  });

  test.each([
    ["a missing file", "data/z.ndjson", "FILE_NOT_FOUND", "there is no file or folder"],
    ["a file below a file", "data/a.ndjson/x", "FILE_NOT_FOUND", "there is no file or folder"],
    ["an empty folder", "empty", "FILE_NO_MATCH", "holds no file to read"],
    ["a glob without a match", "data/*.csv", "FILE_NO_MATCH", "no file matches"],
  ])("is an error for %s", async (_name, path, code, message) => {
    const listed = list(path);
    await expect(listed).rejects.toMatchObject({
      name: "StorageError",
      code,
      hint: expect.stringContaining('check "path"') as string,
    });
    await expect(listed).rejects.toThrow(message);
  });
});
