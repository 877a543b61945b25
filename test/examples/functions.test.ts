import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import flights from "../../examples/01-flight-delays/job.ts";
import { type Job, runJob } from "../../index.ts";
import { runOnFunctions } from "../../infra/local/functions/run-on-functions.ts";
import { outputLines } from "../recovery/flights-output.ts";
import { flightsSlice } from "../recovery/flights-slice.ts";
import { seedOfRun } from "../recovery/random.ts";
import { type ExampleSource, withInterval } from "./functions-worker.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-example-functions-"));
const seed = seedOfRun();
const TIMEOUT_MS = 120_000;
const INTERVAL_MS = 500;
const example = flights as unknown as Job;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bundledWorker(): Promise<string> {
  const outfile = join(folder, "worker.mjs");
  const contents = `import example from "./examples/01-flight-delays/job.ts";
import { serve } from "./test/examples/functions-worker.ts";
serve(example);`;
  await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    alias: {
      millrace: join(root, "index.ts"),
      "millrace/connectors/file": join(root, "infra/connectors/file/index.ts"),
    },
  });
  return outfile;
}

describe(`the flights job on functions (replay: MILLRACE_SEED=${seed} npx vitest run test/examples)`, () => {
  let script = "";
  let expected: readonly string[] = [];

  beforeAll(async () => {
    script = await bundledWorker();
    const output = join(folder, "embedded");
    const handle = await runJob(example, { params: { input: await flightsSlice(), output } });
    await handle.result;
    expected = outputLines(output);
  }, TIMEOUT_MS);

  test.each([
    [1, 0.01],
    [3, 0.01],
  ])(
    "gives byte for byte what the embedded host gives, at parallelism %i with workers that are killed",
    async (parallelism, share) => {
      const name = `parallelism-${parallelism}`;
      const output = join(folder, name, "out");
      const handle = await runOnFunctions(withInterval(example, INTERVAL_MS), {
        directory: join(folder, name, "state"),
        params: { input: await flightsSlice(), output },
        commandLine: { parallelism },
        sync: false,
        workers: 3,
        worker: {
          script,
          source: { intervalMs: INTERVAL_MS, crashes: { seed, share } } satisfies ExampleSource,
        },
      });
      await handle.result;
      expect(outputLines(output)).toEqual(expected);
    },
    TIMEOUT_MS,
  );
});
