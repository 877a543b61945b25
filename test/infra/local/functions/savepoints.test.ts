import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type JobHandle, runJob } from "../../../../index.ts";
import { outputLines } from "../../../recovery/flights-output.ts";
import { FunctionsBench, jobNamed } from "./harness.ts";

const bench = new FunctionsBench();
afterAll(() => bench.close());

const TIMEOUT_MS = 60_000;
const SLOW = { count: 4_000, rate: 1_000 };
const FAST = { count: 4_000, rate: 100_000 };

type Host = "embedded" | "functions";

async function start(
  host: Host,
  options: {
    readonly directory: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly from: string | null;
    readonly parallelism: number;
  },
): Promise<JobHandle> {
  const { directory, params, from, parallelism } = options;
  const common = { params, from, commandLine: { parallelism } };
  return host === "functions"
    ? bench.start({ ...common, job: "running", directory })
    : runJob(jobNamed("running"), { ...common, checkpointDir: directory });
}

/** Some time, in which a job makes some of its output. */
function aWhile(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 700);
  });
}

describe("a savepoint", () => {
  test.each<[Host, Host, number]>([
    ["functions", "embedded", 2],
    ["embedded", "functions", 2],
    ["functions", "functions", 3],
    ["functions", "embedded", 3],
    ["embedded", "functions", 3],
  ])(
    "of the %s host is gone on from by the %s host, at parallelism %i",
    async (from, to, parallelism) => {
      const output = bench.newFolder();
      const first = await start(from, {
        directory: bench.newFolder(),
        params: { ...SLOW, output },
        from: null,
        parallelism: 2,
      });
      await aWhile();
      const folder = await first.savepoint();
      // What came after it is not its business: its output has not become visible.
      first.cancel();
      await first.result;
      expect(outputLines(output)).toEqual([]);
      const moved = join(bench.newFolder(), "moved");
      cpSync(folder, moved, { recursive: true });
      const second = await start(to, {
        directory: bench.newFolder(),
        params: { ...FAST, output },
        from: moved,
        parallelism,
      });
      expect(await second.result).toMatchObject({ state: "finished" });
      expect(outputLines(output)).toEqual(await bench.embedded("running", { params: FAST }));
    },
    TIMEOUT_MS,
  );

  test(
    "of a stop in a functions directory is found by its name, and by latest",
    async () => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const options = { directory, parallelism: 1, from: null };
      const first = await start("functions", { ...options, params: { ...SLOW, output } });
      await aWhile();
      const checkpoint = await first.stop();
      await first.result;
      const published = outputLines(output);
      const params = { ...FAST, output };
      const again = await start("functions", { ...options, params, from: `chk-${checkpoint}` });
      await again.result;
      const expected = await bench.embedded("running", { params });
      expect(outputLines(output)).toEqual(expected);
      expect(published.length).toBeLessThan(expected.length);
    },
    TIMEOUT_MS,
  );

  test(
    "that does not fit the job costs nothing: the job goes on without it",
    async () => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const other = await bench.start({ job: "sums", params: { output: bench.newFolder() } });
      await other.result;
      const running = { directory, parallelism: 1, from: null, params: { ...SLOW, output } };
      const first = await start("functions", running);
      await aWhile();
      const folder = await first.savepoint();
      await first.stop();
      await first.result;
      await expect(
        bench.start({ job: "sums", directory: bench.newFolder(), from: folder }),
      ).rejects.toMatchObject({ name: "RestoreError" });
      const params = { ...FAST, output };
      const second = await start("functions", { ...running, params });
      await second.result;
      expect(outputLines(output)).toEqual(await bench.embedded("running", { params }));
    },
    TIMEOUT_MS,
  );
});
