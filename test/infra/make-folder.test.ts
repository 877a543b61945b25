import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeFolder } from "../../infra/make-folder.ts";

describe("making a folder", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "millrace-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  test("makes what is missing and names the topmost folder that it made", async () => {
    expect(await makeFolder(join(root, "a/b/c"))).toBe(join(root, "a"));
    expect(await makeFolder(join(root, "a/b/d"))).toBe(join(root, "a/b/d"));
    expect((await stat(join(root, "a/b/c"))).isDirectory()).toBe(true);
  });

  test("makes nothing where all is there", async () => {
    await mkdir(join(root, "a"));
    expect(await makeFolder(join(root, "a"))).toBeNull();
  });

  test.each([
    ["the folder", "file", "EEXIST"],
    ["a folder above it", "file/a/b", "ENOTDIR"],
  ])("refuses a file in the place of %s", async (_name, path, code) => {
    await writeFile(join(root, "file"), "");
    await expect(makeFolder(join(root, path))).rejects.toMatchObject({ code });
  });

  test.runIf(process.platform === "linux")("ends where no folder can be made", async () => {
    await expect(makeFolder("/proc/millrace/a")).rejects.toMatchObject({ code: "ENOENT" });
  });
});
