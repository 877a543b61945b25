import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { parsePlan } from "../../core/plan/plan-json.ts";
import { emptyFolder, jobFile, millrace } from "./millrace.ts";

const numbers = jobFile("numbers");

async function explain(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await millrace(emptyFolder(), "explain", numbers, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("millrace explain", () => {
  test("prints graphs, params and settings with their origin, and guarantees", async () => {
    const text = await explain("--set", "count=5", "--parallelism", "2");
    const titles = text.split("\n").filter((line) => /^[A-Z]/.test(line));
    expect(titles.map((title) => title.replace(/:.*/, ""))).toEqual([
      "Stream graph",
      "Job graph",
      "Execution graph",
      "Params",
      "Settings",
      "Guarantees",
    ]);
    expect(text).toMatch(/^ {2}count +5 +command line$/m);
    expect(text).toMatch(/^ {2}print +10 +default$/m);
    expect(text).toMatch(/^ {2}parallelism +2 +command line$/m);
  });

  test("prints the plan as JSON that can be read back", async () => {
    const plan = parsePlan(await explain("--json"));
    expect(plan.job).toBe("numbers");
    expect(await explain("--format", "json")).toBe(await explain("--json"));
  });

  test.each([
    ["stream", "operators"],
    ["job", "vertices"],
    ["execution", "subtasks"],
  ])("prints the %s graph alone", async (graph, field) => {
    expect(JSON.parse(await explain("--graph", graph, "--json"))).toHaveProperty(field);
    expect(await explain("--graph", graph)).not.toContain("Settings");
    expect(await explain("--graph", graph, "--format", "mermaid")).toMatch(/^flowchart LR\n/);
  });

  test("gives the same hash on every call", async () => {
    const [first, second] = await Promise.all([explain("--json"), explain("--json")]);
    expect(parsePlan(first).planHash).toBe(parsePlan(second).planHash);
  });
});

describe("millrace --help", () => {
  let version = "";
  beforeAll(async () => {
    version = (JSON.parse(await readFile("package.json", "utf8")) as { version: string }).version;
  });

  test.each([["--version"], ["-V"]])("%s prints the version", async (flag) => {
    expect(await millrace(emptyFolder(), flag)).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });

  test.each([
    [["--help"], "Commands:"],
    [["-h"], "Exit codes: 0 ok, 1 the job failed, 2 usage"],
    [["run", "--help"], "--checkpoint-dir <dir>"],
    [["help", "run"], "--checkpoint-dir <dir>"],
    [["explain", "--help"], "--graph <graph>"],
  ])("%j prints help on standard output", async (args, text) => {
    const { code, stdout, stderr } = await millrace(emptyFolder(), ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(text);
  });

  test("of a job also prints its params and settings", async () => {
    const { code, stdout } = await millrace(emptyFolder(), "run", numbers, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("Job numbers");
    expect(stdout).toMatch(/--set count=<number> +how many numbers \(default 100\)$/m);
    expect(stdout).toMatch(/--set mode=plain\|failing +default plain$/m);
    expect(stdout).toMatch(/--set checkpointing.interval= +10s$/m);
  });

  test("says which params are required", async () => {
    const { stdout } = await millrace(emptyFolder(), "explain", jobFile("parquet"), "-h");
    expect(stdout).toMatch(/--set input=<text> +required$/m);
    expect(stdout).toMatch(/--set restart= +none, set by the job$/m);
  });

  test("of a job that cannot be loaded prints the general part and the error", async () => {
    const { code, stdout, stderr } = await millrace(emptyFolder(), "run", "no.ts", "--help");
    expect(code).toBe(2);
    expect(stdout).toContain("--checkpoint-dir <dir>");
    expect(stderr).toContain("job file no.ts does not exist");
  });
});
