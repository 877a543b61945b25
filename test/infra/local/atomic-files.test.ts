import { spawnSync } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AtomicFiles } from "../../../infra/local/atomic-files.ts";
import { fileName } from "../../../infra/local/file-name.ts";
import { temporaryDirectories } from "../../conformance/temporary-directories.ts";

const directory = temporaryDirectories();

describe("atomic files", () => {
  test("are created once", async () => {
    const files = await AtomicFiles.open(await directory());
    const path = join(files.root, "a/b/c");
    expect(await files.create(path, Buffer.from("1"))).toBe(true);
    expect(await files.create(path, Buffer.from("2"))).toBe(false);
    expect(await readFile(path, "utf8")).toBe("1");
    await files.replace(path, Buffer.from("3"));
    expect(await readFile(path, "utf8")).toBe("3");
    expect(await readdir(join(files.root, ".tmp"))).toEqual([]);
  });

  test("lose what dead processes left unfinished, and only that", async () => {
    const root = await directory();
    await AtomicFiles.open(root, { sync: false });
    const { pid: dead } = spawnSync(process.execPath, ["--version"]);
    const names = [`${dead}-1-aa`, `${process.pid}-1-bb`];
    for (const name of names) await writeFile(join(root, ".tmp", name), "half");
    await AtomicFiles.open(root, { sync: false });
    expect(await readdir(join(root, ".tmp"))).toEqual(names.slice(1));
  });

  test("say what is wrong with a path that cannot be written", async () => {
    const files = await AtomicFiles.open(await directory());
    await files.create(join(files.root, "a"), new Uint8Array(0));
    await expect(files.create(join(files.root, "a/b"), new Uint8Array(0))).rejects.toMatchObject({
      code: "STORAGE_FILE",
    });
  });
});

describe("a file name", () => {
  test.each([
    ["hourly-2", "hourly-2"],
    ["Job/3", "~job%2f3"],
    ["..", "%2e."],
    ["a.b", "a.b"],
    ["~a%", "%7ea%25"],
    ["ä😀", "%c3%a4%f0%9f%98%80"],
  ])("of %s is %s", (name, file) => {
    expect(fileName(name)).toBe(file);
  });

  test.each(["", "x".repeat(201), "Ä".repeat(40)])("is refused for %j", (name) => {
    expect(() => fileName(name)).toThrow(expect.objectContaining({ code: "LIMIT_FILE_NAME" }));
  });
});
