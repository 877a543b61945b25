import { mkdtemp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../../core/errors.ts";
import { CheckpointLock } from "../../../infra/local/checkpoint-lock.ts";
import { ended, printed, runChild } from "./run-child.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-lock-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const HOLDER = `
  import { CheckpointLock } from "./infra/local/checkpoint-lock.ts";
  const lock = await CheckpointLock.acquire(process.argv[2]);
  console.log("locked");
  process.stdin.on("data", async () => { await lock.release(); process.exit(0); });
`;

const held = async (data: string): ReturnType<typeof runChild> => {
  const child = await runChild(directory, HOLDER, [data]);
  await printed(child, "locked");
  return child;
};

describe("a checkpoint lock", () => {
  test("names the process that has the directory", async () => {
    const data = join(directory, "data");
    const child = await held(data);
    const error = await CheckpointLock.acquire(data).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).describe()).toMatch(
      new RegExp(
        `^checkpoint directory ${data} is in use by process ${child.pid} since \\d{4}-.*Z; stop it, or choose another --checkpoint-dir$`,
      ),
    );
    child.kill("SIGKILL");
    await ended(child);
  });

  test("is free at once when its process is killed", async () => {
    const data = join(directory, "data");
    for (let round = 0; round < 3; round += 1) {
      const child = await held(data);
      child.kill("SIGKILL");
      expect(await ended(child)).toBe("SIGKILL");
    }
    const lock = await CheckpointLock.acquire(data);
    await expect(CheckpointLock.acquire(data)).rejects.toThrow(`in use by process ${process.pid}`);
    await lock.release();
  });

  test("is not free while its process is only suspended", async () => {
    const data = join(directory, "data");
    const child = await held(data);
    child.kill("SIGSTOP");
    await expect(CheckpointLock.acquire(data)).rejects.toThrow(`in use by process ${child.pid}`);
    child.kill("SIGKILL");
    await ended(child);
  });

  test("is free after its release, also for the same process", async () => {
    for (let round = 0; round < 3; round += 1) {
      const lock = await CheckpointLock.acquire(directory);
      await lock.release();
    }
    const child = await held(directory);
    child.stdin?.write("release\n");
    expect(await ended(child)).toBe(0);
    await (await CheckpointLock.acquire(directory)).release();
    expect(await readdir(join(directory, ".lock"))).toHaveLength(1);
  });

  test("goes to exactly one of many who ask at the same time, also after a crash", async () => {
    for (let round = 0; round < 5; round += 1) {
      const data = join(directory, `data-${round}`);
      const child = await held(data);
      child.kill("SIGKILL");
      await ended(child);
      const asked = Array.from({ length: 12 }, () => CheckpointLock.acquire(data));
      const answers = await Promise.allSettled(asked);
      const locks = answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      expect(locks).toHaveLength(1);
      await expect(CheckpointLock.acquire(data)).rejects.toThrow(/is in use/);
      await locks[0]?.release();
    }
  });

  test("works in a directory whose path is too long for a socket", async () => {
    const data = join(directory, "d".repeat(90));
    const child = await held(data);
    await expect(CheckpointLock.acquire(data)).rejects.toThrow(/is in use/);
    child.kill("SIGKILL");
    await ended(child);
    await (await CheckpointLock.acquire(data)).release();
  });

  test("does not trust the process id of a stale lock", async () => {
    await mkdir(join(directory, ".lock"));
    const owner = { pid: process.pid, since: "2026-01-01T00:00:00.000Z", socket: "s-gone" };
    await writeFile(join(directory, ".lock", "owner-7"), JSON.stringify(owner));
    await (await CheckpointLock.acquire(directory)).release();
    expect(await readdir(join(directory, ".lock"))).toEqual(["owner-8"]);
  });

  test("is not stopped by a lock file that a crash left empty", async () => {
    await mkdir(join(directory, ".lock"));
    await writeFile(join(directory, ".lock", "owner-3"), "");
    await (await CheckpointLock.acquire(directory)).release();
  });
});
