import { afterAll, describe, expect, test } from "vitest";
import type { JobEvent } from "../../../../index.ts";
import { outputLines } from "../../../recovery/flights-output.ts";
import { Random, seedOfRun } from "../../../recovery/random.ts";
import { FunctionsBench } from "./harness.ts";

const bench = new FunctionsBench();
afterAll(() => bench.close());

const seed = seedOfRun();
const replay = `replay: MILLRACE_SEED=${seed} npx vitest run test/infra/local/functions`;
const TIMEOUT_MS = 120_000;

describe(`workers that are killed (${replay})`, () => {
  test.each([
    ["sums", 1],
    ["sums", 3],
    ["running", 3],
  ])(
    "at random calls of their ports: %s at parallelism %i",
    async (job, parallelism) => {
      const output = bench.newFolder();
      const events: JobEvent[] = [];
      const handle = await bench.start(
        {
          job,
          params: { output, ...(job === "running" ? { rate: 2_000 } : { count: 60_000 }) },
          commandLine: { parallelism, checkpointing: { interval: { milliseconds: 200 } } },
          crashes: { seed, share: 0.05 },
          workers: 3,
        },
        events,
      );
      const result = await handle.result;
      console.log(result, events.length);
      expect(result.functions.workersLost).toBeGreaterThan(0);
      expect(outputLines(output)).toEqual(
        await bench.embedded(job, {
          params: job === "running" ? { rate: 1e6 } : { count: 60_000 },
        }),
      );
    },
    TIMEOUT_MS,
  );

  test(
    "at random moments of their invocations",
    async () => {
      const random = new Random(seed);
      const output = bench.newFolder();
      const timers: NodeJS.Timeout[] = [];
      const handle = await bench.start({
        job: "sums",
        params: { output, count: 100_000 },
        commandLine: { parallelism: 2, checkpointing: { interval: { milliseconds: 200 } } },
        workers: 3,
        onInvocation: (pid) => {
          if (random.next() < 0.9) return;
          timers.push(
            setTimeout(
              () => {
                try {
                  process.kill(pid, "SIGKILL");
                } catch {
                  // It ended meanwhile.
                }
              },
              random.integer(0, 30),
            ),
          );
        },
      });
      const result = await handle.result;
      for (const timer of timers) clearTimeout(timer);
      console.log(result);
      expect(outputLines(output)).toEqual(
        await bench.embedded("sums", { params: { count: 100_000 } }),
      );
    },
    TIMEOUT_MS,
  );
});
