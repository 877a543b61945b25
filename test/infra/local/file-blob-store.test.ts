import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StorageError, UsageError } from "../../../core/errors.ts";
import { FileBlobStore, type FileStep } from "../../../infra/local/file-blob-store.ts";
import { ended, runChild } from "./run-child.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-files-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const text = (value: Uint8Array | null): string | null =>
  value === null ? null : Buffer.from(value).toString();

const files = async (): Promise<string[]> =>
  (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

describe("a file blob store", () => {
  test("names its steps in the order in which an object becomes durable", async () => {
    const steps: string[] = [];
    const store = await FileBlobStore.open(directory, {
      onStep: (step, key) => key !== "" && steps.push(`${step} ${key}`),
    });
    await store.put("a/b", Buffer.from("x"));
    expect(steps).toEqual(
      ["before-write", "before-sync", "before-rename", "after-rename", "done"].map(
        (step) => `${step} a/b`,
      ),
    );
  });

  const crashes: readonly (readonly [FileStep, string])[] = [
    ["before-write", "old"],
    ["before-sync", "old"],
    ["before-rename", "old"],
    ["after-rename", "new"],
    ["done", "new"],
  ];
  test.each(crashes)("killed at %s shows the %s object whole", async (step, expected) => {
    const data = join(directory, "data");
    const store = await FileBlobStore.open(data);
    await store.put("a/b", Buffer.from("old"));
    const source = `
      import { FileBlobStore } from "./infra/local/file-blob-store.ts";
      const [data, step] = process.argv.slice(2);
      const store = await FileBlobStore.open(data, {
        onStep: (at, key) => { if (key === "a/b" && at === step) process.kill(process.pid, "SIGKILL"); },
      });
      await store.put("a/b", Buffer.from("new"));
    `;
    const child = await runChild(directory, source, [data, step]);
    expect(await ended(child)).toBe("SIGKILL");
    expect(text(await store.get("a/b"))).toBe(expected);
    expect(await store.list("")).toEqual([{ key: "a/b", bytes: 3 }]);
    await store.removeTemporary();
    expect(await readdir(join(data, "a"))).toEqual(["b"]);
  });

  test("leaves no temporary file behind, also when ifAbsent answers false", async () => {
    const store = await FileBlobStore.open(directory);
    await store.put("a", Buffer.from("1"));
    await store.put("a", Buffer.from("2"), { ifAbsent: true });
    expect(await files()).toEqual(["a"]);
  });

  test("removes folders that became empty, but never its own", async () => {
    const store = await FileBlobStore.open(directory);
    await store.put("chk-1/parts/x", Buffer.from("1"));
    await store.delete(["chk-1/parts/x"]);
    expect(await readdir(directory)).toEqual([]);
  });

  test("neither lists nor reads names that begin with a dot", async () => {
    const store = await FileBlobStore.open(directory);
    await mkdir(join(directory, ".lock"));
    await writeFile(join(directory, ".lock", "owner-1"), "x");
    expect(await store.list("")).toEqual([]);
    await expect(store.get(".lock/owner-1")).rejects.toThrow(UsageError);
  });

  test.each(["", "/a", "a//b", "../a", "a/../b", "a/.", "a\\b", "a\0b"])(
    "refuses the key %j",
    async (key) => {
      const store = await FileBlobStore.open(directory);
      for (const call of [store.put(key, Buffer.from("x")), store.get(key), store.delete([key])]) {
        await expect(call).rejects.toThrow(/is no key of a file store/);
      }
    },
  );

  test("says which path cannot be written and what to do", async () => {
    const blocked = join(directory, "blocked");
    await writeFile(blocked, "a file");
    const error = await FileBlobStore.open(join(blocked, "ckpt")).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StorageError);
    expect((error as StorageError).describe()).toBe(
      `cannot write ${join(blocked, "ckpt")} (ENOTDIR); a part of the path is a file: choose another directory`,
    );
  });

  const failures: readonly (readonly [string, string])[] = [
    ["ENOSPC", "the disk is full: free some space, or choose another directory"],
    ["EACCES", "give this user the right to it, or choose another directory"],
    ["EROFS", "the file system is read-only: choose another directory"],
    ["EIO", "check the directory and its disk"],
  ];
  test.each(failures)("turns %s in a write into words, and can go on", async (code, hint) => {
    let broken = true;
    const store = await FileBlobStore.open(directory, {
      onStep: (step, key) => {
        const now = broken && step === "before-sync" && key === "a";
        if (now) throw Object.assign(new Error("write failed"), { code });
      },
    });
    const error = await store.put("a", Buffer.from("x")).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StorageError);
    expect((error as StorageError).describe()).toBe(
      `cannot write ${join(directory, "a")} (${code}); ${hint}`,
    );
    expect(await files()).toEqual([]);
    broken = false;
    expect(await store.put("a", Buffer.from("x"))).toBe(true);
  });

  test("refuses a directory in which no file can be made", async () => {
    const onStep = (): never => {
      throw Object.assign(new Error("denied"), { code: "EACCES" });
    };
    await expect(FileBlobStore.open(directory, { onStep })).rejects.toThrow(
      `cannot write ${directory} (EACCES)`,
    );
  });
});
