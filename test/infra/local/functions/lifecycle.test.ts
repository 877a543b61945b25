import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MAX_WATERMARK } from "../../../../core/timestamp.ts";
import { type JobEvent, runJob } from "../../../../index.ts";
import { outputLines } from "../../../recovery/flights-output.ts";
import { FunctionsBench, jobNamed } from "./harness.ts";
import { untilRecords } from "./until-records.ts";

const bench = new FunctionsBench();
afterAll(() => bench.close());

const TIMEOUT_MS = 60_000;

function noticesOf(events: readonly JobEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "notice" ? [event.line] : []));
}

describe("a job on functions", () => {
  test.each([1, 3])(
    "gives what the embedded host gives, at parallelism %i",
    async (parallelism) => {
      const output = bench.newFolder();
      const events: JobEvent[] = [];
      const handle = await bench.start(
        { job: "sums", params: { output }, commandLine: { parallelism } },
        events,
      );
      const result = await handle.result;
      expect(outputLines(output)).toEqual(await bench.embedded("sums"));
      expect(result).toMatchObject({ state: "finished", records: 20_000, lastCheckpoint: 1 });
      expect(result.functions.turns).toBeGreaterThan(3);
      expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["started"]));
    },
    TIMEOUT_MS,
  );

  test(
    "has the metrics that the embedded host has",
    async () => {
      const embedded = await runJob(jobNamed("sums"), { params: { output: bench.newFolder() } });
      // What never changed is not reported; gauges of writers, which live for one call only, are 0.
      const expected = Object.entries((await embedded.result).metrics).filter(
        ([, value]) => value !== 0,
      );
      const handle = await bench.start({ job: "sums" });
      const { metrics } = await handle.result;
      expect(metrics).toMatchObject(Object.fromEntries(expected));
      expect(metrics["sums.0.numRecordsIn"]).toBe(20_000);
      expect(metrics["sums.0.turns"]).toBeGreaterThan(0);
      expect(metrics[":coordinator.0.numberOfCompletedCheckpoints"]).toBe(1);
      expect(handle.status()).toMatchObject({ records: 20_000, watermark: MAX_WATERMARK });
    },
    TIMEOUT_MS,
  );

  test(
    "begins anew after it has finished, and says so",
    async () => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const run = { job: "sums", directory, params: { output, count: 500 } };
      await (
        await bench.start(run)
      ).result;
      const events: JobEvent[] = [];
      const again = await bench.start(run, events);
      expect(await again.result).toMatchObject({ state: "finished", records: 500 });
      expect(noticesOf(events)[0]).toMatch(/^starting afresh: run [0-9a-f]{8} in .* is finished$/);
    },
    TIMEOUT_MS,
  );

  test(
    "that failed says why, and goes on where it was once its code is right",
    async () => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const commandLine = { restart: { kind: "none" } as const };
      const run = { job: "picky", directory, commandLine };
      const failing = await bench.start({ ...run, params: { output } });
      await expect(failing.result).rejects.toMatchObject({
        name: "JobError",
        code: "JOB_FAILED",
        message: expect.stringMatching(
          /^operator numbers -> map -> sink, .*TypeError: seven is not liked/,
        ),
      });
      const events: JobEvent[] = [];
      const right = await bench.start({ ...run, params: { output, mode: "pass" } }, events);
      expect(await right.result).toMatchObject({ state: "finished" });
      expect(noticesOf(events)).toContainEqual(
        expect.stringMatching(/^continuing run [0-9a-f]{8} where it was$/),
      );
      expect(outputLines(join(output, "liked"))).toHaveLength(100);
    },
    TIMEOUT_MS,
  );

  test(
    "whose code ends the process fails instead of trying for ever",
    async () => {
      const output = bench.newFolder();
      const handle = await bench.start({ job: "picky", params: { output, mode: "exit" } });
      await expect(handle.result).rejects.toMatchObject({
        code: "JOB_WORKER_DIES",
        message: expect.stringContaining("exit code 3"),
      });
    },
    TIMEOUT_MS,
  );

  test(
    "sends what its code throws at to the dead letters",
    async () => {
      const output = bench.newFolder();
      const handle = await bench.start({ job: "picky", params: { output, mode: "dead-letter" } });
      await handle.result;
      expect(outputLines(join(output, "liked"))).toHaveLength(99);
      const [letter, ...more] = outputLines(join(output, "dead"));
      expect(more).toEqual([]);
      expect(letter).toContain("seven is not liked");
    },
    TIMEOUT_MS,
  );

  test(
    "that is stopped commits what it has, and goes on from there",
    async () => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const run = { job: "running", directory };
      const first = await bench.start({ ...run, params: { output, count: 3_000, rate: 1_000 } });
      await untilRecords(first, 300);
      const checkpoint = await first.stop();
      expect(await first.result).toMatchObject({ state: "stopped", lastCheckpoint: checkpoint });
      expect(outputLines(output).length).toBeLessThan(3_000);
      const events: JobEvent[] = [];
      const params = { output, count: 3_000, rate: 100_000 };
      const second = await bench.start({ ...run, params }, events);
      expect(await second.result).toMatchObject({ state: "finished" });
      expect(noticesOf(events)).toContainEqual(
        expect.stringContaining(`from checkpoint ${checkpoint}`),
      );
      expect(outputLines(output)).toEqual(await bench.embedded("running", { params }));
    },
    TIMEOUT_MS,
  );

  test(
    "goes on from its latest checkpoint at another parallelism, and says so",
    async () => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const often = { checkpointing: { interval: { milliseconds: 100 } } };
      const params = { output, count: 3_000, rate: 1_000 };
      const commandLine = { ...often, parallelism: 2 };
      const killed = await bench.spawn({
        job: "running",
        options: { directory, params, commandLine },
      });
      await killed.killAfter(1, "checkpoint");
      const events: JobEvent[] = [];
      const next = await bench.start(
        {
          job: "running",
          directory,
          params: { ...params, rate: 100_000 },
          commandLine: { ...often, parallelism: 3 },
        },
        events,
      );
      await next.result;
      expect(noticesOf(events)).toContainEqual(
        expect.stringMatching(/^the job is not quite the one that this run began with/),
      );
      expect(noticesOf(events)).toContainEqual(
        expect.stringMatching(/^continuing run [0-9a-f]{8} from checkpoint \d+$/),
      );
      expect(outputLines(output)).toEqual(await bench.embedded("running", { params }));
    },
    TIMEOUT_MS,
  );

  test(
    "whose dispatcher was killed while it stopped goes on",
    async () => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const params = { output, count: 2_000, rate: 20_000 };
      const run = { job: "running", options: { directory, params } };
      const stopping = await bench.spawn({ ...run, stop: true });
      await stopping.killAfter(3);
      const events: JobEvent[] = [];
      const next = await bench.start({ job: "running", directory, params }, events);
      expect(await next.result).toMatchObject({ state: "finished" });
      expect(outputLines(output)).toEqual(await bench.embedded("running", { params }));
    },
    TIMEOUT_MS,
  );

  test("that is cancelled drops what is not committed", async () => {
    const output = bench.newFolder();
    const handle = await bench.start({ job: "running", params: { output, rate: 100 } });
    handle.cancel();
    expect(await handle.result).toMatchObject({ state: "cancelled" });
    expect(outputLines(output)).toEqual([]);
  });

  test("says that a checkpoint is not there before anything is", async () => {
    const run = { job: "sums", directory: bench.newFolder() };
    for (const from of ["chk-9", "latest", join(bench.newFolder(), "chk-9")]) {
      await expect(bench.start({ ...run, from }), from).rejects.toMatchObject({
        code: "RESTORE_NO_CHECKPOINT",
      });
    }
  });

  test("does not begin with workers that build another plan", async () => {
    const handle = await bench.start({ job: "sums", workerJob: "picky" });
    await expect(handle.result).rejects.toMatchObject({ code: "JOB_WORKER_START" });
  });

  test("does not begin with workers that cannot load it", async () => {
    const handle = await bench.start({ job: "sums", workerJob: "unknown" });
    await expect(handle.result).rejects.toMatchObject({
      code: "JOB_WORKER_START",
      message: expect.stringContaining("there is no job unknown"),
    });
  });
});

describe("a directory of a job on functions", () => {
  test("is none of the embedded host, and the other way round", async () => {
    const directory = bench.newFolder();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "run.json"), "{}");
    await expect(bench.start({ job: "sums", directory })).rejects.toMatchObject({
      code: "USAGE_OTHER_HOST",
      message: expect.stringContaining("belongs to the embedded host"),
    });
    const other = bench.newFolder();
    const output = bench.newFolder();
    await (
      await bench.start({ job: "sums", directory: other, params: { output, count: 10 } })
    ).result;
    await expect(bench.embedded("sums", { checkpointDir: other })).rejects.toMatchObject({
      code: "USAGE_OTHER_HOST",
      message: expect.stringContaining("belongs to the functions host"),
    });
  });

  test("belongs to one job", async () => {
    const directory = bench.newFolder();
    const output = bench.newFolder();
    await (
      await bench.start({ job: "sums", directory, params: { output, count: 10 } })
    ).result;
    await expect(bench.start({ job: "picky", directory })).rejects.toMatchObject({
      code: "RESTORE_OTHER_JOB",
    });
  });
});
