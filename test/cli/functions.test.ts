import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Millrace, emptyFolder, jobFile, millrace } from "./millrace.ts";

const numbers = jobFile("numbers");
const FUNCTIONS = ["run", numbers, "--host", "functions"] as const;

/** Slow enough to be interrupted. */
const SLOW = ["--set", "count=20000", "--set", "rate=2000"];
const FAST = ["--set", "count=20000", "--set", "rate=1000000"];

/** What the files sink has finished, sorted. */
async function finished(folder: string): Promise<readonly number[]> {
  const values: number[] = [];
  for (const name of await readdir(join(folder, "out"))) {
    if (name.startsWith(".")) continue;
    const lines = (await readFile(join(folder, "out", name), "utf8")).trimEnd().split("\n");
    values.push(...lines.map(Number));
  }
  return values.toSorted((left, right) => left - right);
}

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe("millrace run --host functions", () => {
  test("prints records on standard output and everything else on standard error", async () => {
    const folder = emptyFolder();
    const { code, stdout, stderr } = await millrace(folder, ...FUNCTIONS);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${tens().join("\n")}\n` });
    expect(stderr).toContain("job numbers finished");
    expect(stderr).toMatch(/records in +100$/m);
    expect(stderr).toMatch(/files +100 records to files\(out\)$/m);
    expect(stderr).toMatch(/checkpoints +\d+ in \.millrace\/numbers\.functions, the last is chk-/m);
    expect(stderr).toMatch(/turns +\d+, \d+ records a turn$/m);
    expect(stderr).toMatch(/committed +[\d.]+ kB in entries and objects$/m);
    expect(await finished(folder)).toEqual(upTo(100));
  });

  test("shows late records and the rows of sinks as the embedded host does", async () => {
    const summary = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { code, stderr } = await millrace(emptyFolder(), "run", jobFile("late"), ...args);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return stderr.split("\n").filter((line) => /^ +(records in|late records|files) /.test(line));
    };
    const shown = await summary("--host", "functions", "--workers", "2");
    expect(shown).toEqual(await summary());
    expect(shown).toContainEqual(expect.stringMatching(/^ +late records +100$/));
  });

  test("as JSON ends with a result that has its figures", async () => {
    const { stdout, stderr } = await millrace(
      emptyFolder(),
      ...FUNCTIONS,
      "--json",
      "--workers",
      "3",
    );
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly event: string });
    expect(stderr).toBe("");
    expect(events.filter(({ event }) => event === "print")).toHaveLength(10);
    expect(events.at(-1)).toMatchObject({
      event: "result",
      records: 100,
      functions: { workers: 3, turns: expect.any(Number), bytesCommitted: expect.any(Number) },
    });
  });

  test("ends with 1 when user code fails, and says where", async () => {
    const args = ["--set", "mode=failing", "--set", "restart=none"];
    const { code, stderr } = await millrace(emptyFolder(), ...FUNCTIONS, ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: job numbers: operator .*, record 7 of .*: TypeError: seven is not liked; correct what failed .* \(JOB_FAILED\)$/m,
    );
  });

  test("stops at Ctrl-C, and the command that is printed goes on", async () => {
    const folder = emptyFolder();
    const first = new Millrace(folder, [...FUNCTIONS, "--fresh", ...SLOW]);
    await first.says("\n1000\n");
    first.signal("SIGINT");
    const stopped = await first.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain("job numbers stopped");
    const command = /^go on with: node \S+main\.js (.*)$/m.exec(stopped.stderr);
    const args = command?.[1]?.split(" ") ?? [];
    expect(args).toEqual([...FUNCTIONS, ...SLOW]);
    const before = await finished(folder);
    expect(before).toEqual(upTo(before.length));
    expect(before.length).toBeGreaterThan(900);
    const second = await millrace(folder, ...FUNCTIONS, ...FAST);
    expect(second.code).toBe(0);
    expect(await finished(folder)).toEqual(upTo(20_000));
  });

  test("ends at once at a second Ctrl-C, and goes on at the next start", async () => {
    const folder = emptyFolder();
    const run = new Millrace(folder, [...FUNCTIONS, ...SLOW]);
    await run.says("\n1000\n");
    run.signal("SIGINT");
    run.signal("SIGTERM");
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("stopped at once");
    const next = await millrace(folder, ...FUNCTIONS, ...FAST);
    expect({ code: next.code, stderr: next.stderr }).toMatchObject({ code: 0 });
    expect(await finished(folder)).toEqual(upTo(20_000));
  });

  test("does not mix with the embedded host", async () => {
    const folder = emptyFolder();
    await millrace(folder, "run", numbers, "-d", "state");
    const { code, stderr } = await millrace(folder, ...FUNCTIONS, "-d", "state");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: checkpoint directory state belongs to the embedded host; .*USAGE_OTHER_HOST\)$/m,
    );
  });

  test("is what --workers is for", async () => {
    const { code, stderr } = await millrace(emptyFolder(), "run", numbers, "--workers", "2");
    expect(code).toBe(2);
    expect(stderr).toContain("--workers is of --host functions");
  });
});

function tens(): readonly number[] {
  return upTo(10).map((ten) => ten * 10);
}
