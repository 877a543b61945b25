import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runToReport } from "../recovery/child-process.ts";
import { outputLines } from "../recovery/flights-output.ts";
import { flightsSlice } from "../recovery/flights-slice.ts";
import { Random, seedOfRun } from "../recovery/random.ts";
import type { ExampleOptions, ExampleReport } from "./example-process.ts";

interface Example {
  readonly name: string;
  /** Params that give it a small input and put its files below `output`. */
  readonly params: (output: string) => Promise<Readonly<Record<string, string>>>;
}

const examples: readonly Example[] = [
  {
    name: "01-flight-delays",
    params: async (output) => ({ input: await flightsSlice(), output }),
  },
];

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-examples-"));
const seed = seedOfRun();
/** Crashes of each kind per example, one in each stretch of its calls. */
const CRASHES = Number(process.env["MILLRACE_RUNS"] ?? 6);
const TIMEOUT_MS = 120_000;
const SET_ASIDE = /\.previous-\d+/;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every example is in the table", () => {
  const folders = readdirSync(join(root, "examples"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(examples.map(({ name }) => name).toSorted()).toEqual(folders.toSorted());
});

async function bundle(name: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  const contents = `import example from "./examples/${name}/job.ts";
import { main } from "./test/examples/example-process.ts";
await main(example);`;
  await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    sourcemap: "inline",
  });
  return outfile;
}

describe.each(examples)(
  `example $name (replay: MILLRACE_SEED=${seed} npx vitest run test/examples)`,
  ({ name, params }) => {
    let script = "";
    let expected: readonly string[] = [];
    let calls = 0;

    /** Runs the example as one process of a scenario. */
    async function run(
      scenario: string,
      options: Partial<ExampleOptions> = {},
    ): Promise<readonly ExampleReport[]> {
      return runToReport<ExampleReport>(script, {
        params: await params(join(folder, name, scenario)),
        checkpointDir: join(folder, name, `${scenario}-checkpoints`),
        parallelism: 2,
        intervalMs: 20,
        fault: null,
        killAfterCheckpoints: null,
        ...options,
      } satisfies ExampleOptions);
    }

    const linesOf = (scenario: string): readonly string[] =>
      outputLines(join(folder, name, scenario), (path) => !SET_ASIDE.test(path));

    /** Killed after it had noted its end, a job starts afresh, and its whole result is set aside. */
    function expectWhole(scenario: string, place: string): void {
      expect(linesOf(scenario), place).toEqual(expected);
      const aside = outputLines(join(folder, name, scenario), (path) => SET_ASIDE.test(path));
      if (aside.length > 0) expect(aside, `${place}, set aside`).toEqual(expected);
    }

    function restoredFrom(reports: readonly ExampleReport[]): number | null {
      const started = reports.find((report) => report.kind === "started");
      return started?.kind === "started" ? started.restoredFrom : null;
    }

    beforeAll(async () => {
      script = await bundle(name);
      const finished = (await run("whole")).at(-1);
      if (finished?.kind === "finished") calls = finished.calls;
      expected = linesOf("whole");
    }, TIMEOUT_MS);

    test("has a result, made by many calls that may go wrong", () => {
      expect(expected.length).toBeGreaterThan(100);
      expect(calls).toBeGreaterThan(CRASHES);
    });

    test.each([1, 2, 3])(
      "killed at parallelism 2 after %i checkpoints and restored at 3 gives the same result",
      async (checkpoints) => {
        const scenario = `restored-${checkpoints}`;
        const killed = await run(scenario, { killAfterCheckpoints: checkpoints });
        const restored = await run(scenario, { parallelism: 3 });
        expect(linesOf(scenario)).toEqual(expected);
        // The last checkpoint of a quick run may be the one after which there is nothing to do.
        if (killed.at(-1)?.kind === "killed") expect(restoredFrom(restored)).toBe(checkpoints);
        else expect(checkpoints).toBeGreaterThan(1);
      },
      TIMEOUT_MS,
    );

    const stretches = Array.from({ length: CRASHES }, (_, stretch) => stretch);

    /** A call of one stretch of the run. */
    function drawCall(random: Random, stretch: number): number {
      const [first, last] = [stretch, stretch + 1].map((at) => Math.floor((at * calls) / CRASHES));
      return random.integer((first ?? 0) + 1, last ?? calls);
    }

    test.each(stretches)(
      "killed in a file operation of stretch %i gives the same result",
      async (stretch) => {
        const call = drawCall(new Random(seed + stretch), stretch);
        await run(`killed-${stretch}`, { fault: { call, how: "kill" } });
        await run(`killed-${stretch}`, { parallelism: 3 });
        expectWhole(`killed-${stretch}`, `killed in call ${call}`);
      },
      TIMEOUT_MS,
    );

    test.each(stretches)(
      "with a file operation of stretch %i that fails once gives the same result",
      async (stretch) => {
        const call = drawCall(new Random(seed + 1_000 + stretch), stretch);
        const reports = await run(`failed-${stretch}`, { fault: { call, how: "fail" } }).catch(
          (error: unknown) => {
            // Before its tasks run, a job that cannot write says so and ends; the next start works.
            expect(String(error), `failed in call ${call}`).toContain("(EIO)");
            return run(`failed-${stretch}`);
          },
        );
        expect(reports.at(-1)?.kind).toBe("finished");
        expectWhole(`failed-${stretch}`, `failed in call ${call}`);
      },
      TIMEOUT_MS,
    );
  },
);
