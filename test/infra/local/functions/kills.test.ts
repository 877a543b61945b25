import { afterAll, describe, expect, test } from "vitest";
import { outputLines } from "../../../recovery/flights-output.ts";
import { Random, seedOfRun } from "../../../recovery/random.ts";
import { FunctionsBench } from "./harness.ts";

const bench = new FunctionsBench();
afterAll(() => bench.close());

const seed = seedOfRun();
const replay = `replay: MILLRACE_SEED=${seed} npx vitest run test/infra/local/functions`;
const TIMEOUT_MS = 120_000;
const OFTEN = { checkpointing: { interval: { milliseconds: 200 } } };

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}

describe(`exactly once under SIGKILL (${replay})`, () => {
  test.each([
    ["sums", 1, { count: 60_000 }, 0.06],
    ["sums", 3, { count: 60_000 }, 0.04],
    ["running", 3, { count: 1_000, rate: 2_000 }, 0.02],
  ] as const)(
    "of workers at random calls of their ports: %s at parallelism %i",
    async (job, parallelism, params, share) => {
      const output = bench.newFolder();
      const handle = await bench.start({
        job,
        params: { ...params, output },
        commandLine: { parallelism, ...OFTEN },
        crashes: { seed, share },
        workers: 3,
        // So that all workers have copies of all subtasks, mostly old ones.
        stickMs: 0,
      });
      await handle.result;
      expect(outputLines(output)).toEqual(await bench.embedded(job, { params }));
    },
    TIMEOUT_MS,
  );

  test(
    "of workers at random moments of their invocations",
    async () => {
      const random = new Random(seed);
      const output = bench.newFolder();
      const params = { count: 100_000 };
      const handle = await bench.start({
        job: "sums",
        params: { ...params, output },
        commandLine: { parallelism: 2, ...OFTEN },
        workers: 3,
        // So that all workers have copies of all subtasks, mostly old ones.
        stickMs: 0,
        onInvocation: (pid) => {
          if (random.next() < 0.15) setTimeout(() => killProcess(pid), random.integer(0, 30));
        },
      });
      const { records, metrics } = await handle.result;
      expect(outputLines(output)).toEqual(await bench.embedded("sums", { params }));
      // What a worker did not live to report is lost, and nothing counts twice.
      expect(records).toBeGreaterThan(0);
      expect(records).toBeLessThanOrEqual(params.count);
      expect(metrics["sums.0.numRecordsIn"]).toBeLessThanOrEqual(params.count);
    },
    TIMEOUT_MS,
  );

  test.each([
    ["workers and the dispatcher", { seed, share: 0.02 }],
    ["the dispatcher alone", null],
  ])(
    "of %s, which goes on with the same generation",
    async (_, crashes) => {
      const random = new Random(seed);
      const { run, expectWhole } = await dispatcherRun(crashes);
      let finished = false;
      for (let kills = 0; kills < 4 && !finished; kills += 1) {
        finished = await (await bench.spawn(run)).killAfter(random.integer(1, 20));
      }
      if (!finished) await (await bench.spawn(run)).end();
      expectWhole();
    },
    TIMEOUT_MS,
  );

  test(
    "of the dispatcher in file operations of its start",
    async () => {
      const random = new Random(seed);
      const { run, expectWhole } = await dispatcherRun(null);
      let finished = false;
      for (let kills = 0; kills < 8 && !finished; kills += 1) {
        const dieInCall = random.integer(1, 120);
        finished = await (await bench.spawn({ ...run, dieInCall })).end();
      }
      if (!finished) await (await bench.spawn(run)).end();
      expectWhole();
    },
    TIMEOUT_MS,
  );

  async function dispatcherRun(crashes: { seed: number; share: number } | null) {
    const output = bench.newFolder();
    const params = { count: 100_000 };
    const expected = await bench.embedded("sums", { params });
    const run = {
      job: "sums",
      crashes,
      options: {
        directory: bench.newFolder(),
        params: { ...params, output },
        commandLine: { parallelism: 2, ...OFTEN },
      },
    };
    // Killed after it had noted its end, a job starts afresh, and its whole result is set aside.
    return { run, expectWhole: () => expect(outputLines(output)).toEqual(expected) };
  }
});
