import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type JobHandle, runJob } from "../../../../index.ts";
import { outputLines } from "../../../recovery/flights-output.ts";
import { FunctionsBench, jobNamed } from "./harness.ts";
import { untilRecords } from "./until-records.ts";

const bench = new FunctionsBench();
afterAll(() => bench.close());

const TIMEOUT_MS = 60_000;
const SLOW = { count: 4_000, rate: 1_000 };
const FAST = { count: 4_000, rate: 100_000 };

const NO_CHECKPOINTS = { checkpointing: { interval: { hours: 1 } } };

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
      await untilRecords(first, 300);
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

  test.each(["by its name", "as the latest"])(
    "of a stop is found %s",
    async (how) => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const options = { directory, parallelism: 1 };
      const slow = { ...SLOW, output };
      const first = await start("functions", { ...options, params: slow, from: null });
      await untilRecords(first, 300);
      const checkpoint = await first.stop();
      await first.result;
      expect(outputLines(output).length).toBeLessThan(FAST.count);
      const params = { ...FAST, output };
      const from = how === "by its name" ? `chk-${checkpoint}` : "latest";
      await (
        await start("functions", { ...options, params, from })
      ).result;
      expect(outputLines(output)).toEqual(await bench.embedded("running", { params }));
    },
    TIMEOUT_MS,
  );

  test(
    "keeps its output when its run is set back behind it",
    async () => {
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const options = { directory, params: { ...SLOW, output }, commandLine: NO_CHECKPOINTS };
      const killed = await bench.spawn({ job: "running", options, savepointAfter: 300 });
      await killed.killAfter(1, "savepoint");
      const taken = killed.reports.find((report) => report.kind === "savepoint");
      const setBack = await bench.start({
        ...options,
        job: "running",
        commandLine: { ...NO_CHECKPOINTS, parallelism: 2 },
      });
      await untilRecords(setBack, 300);
      setBack.cancel();
      await setBack.result;
      const params = { ...FAST, output };
      const second = await start("functions", {
        directory: bench.newFolder(),
        params,
        from: taken?.kind === "savepoint" ? taken.folder : null,
        parallelism: 1,
      });
      await second.result;
      expect(outputLines(output)).toEqual(await bench.embedded("running", { params }));
    },
    TIMEOUT_MS,
  );

  test(
    "that does not fit the job costs nothing: the job goes on without it",
    async () => {
      const other = await bench.start({ job: "sums", params: { output: bench.newFolder() } });
      const savepoint = await other.savepoint();
      other.cancel();
      await other.result;
      const [directory, output] = [bench.newFolder(), bench.newFolder()];
      const running = { directory, parallelism: 1, from: null };
      const first = await start("functions", { ...running, params: { ...SLOW, output } });
      await untilRecords(first, 300);
      await first.stop();
      await first.result;
      const params = { ...FAST, output };
      await expect(
        start("functions", { ...running, params, from: savepoint }),
      ).rejects.toMatchObject({ name: "RestoreError" });
      await (
        await start("functions", { ...running, params })
      ).result;
      expect(outputLines(output)).toEqual(await bench.embedded("running", { params }));
    },
    TIMEOUT_MS,
  );
});
