import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Millrace, emptyFolder, jobFile, millrace } from "./millrace.ts";

const numbers = jobFile("numbers");

/** Slow enough to be interrupted, with checkpoints that come soon. */
const SLOW = [
  "--set",
  "count=100000",
  "--set",
  "rate=2000",
  "--set",
  "checkpointing.interval=50ms",
];

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

describe("millrace run", () => {
  test("prints records on standard output and everything else on standard error", async () => {
    const folder = emptyFolder();
    const { code, stdout, stderr } = await millrace(folder, "run", numbers);
    expect(code).toBe(0);
    expect(stdout).toBe(`${[0, 10, 20, 30, 40, 50, 60, 70, 80, 90].join("\n")}\n`);
    expect(stderr).toContain("job numbers finished");
    expect(stderr).toMatch(/records in +100$/m);
    expect(stderr).toMatch(/late records +0$/m);
    expect(stderr).toMatch(/files +100 records to files\(out\)$/m);
    expect(stderr).toMatch(/checkpoints +\d+ in \.millrace\/numbers, the last is chk-\d+$/m);
    expect(stderr).toMatch(/time +[\d.]+ s, [\d,]+\/s$/m);
    expect(stderr).toMatch(/peak memory +\d+ MB$/m);
    expect(await finished(folder)).toEqual(upTo(100));
  });

  test("with --quiet prints records only", async () => {
    const { code, stdout, stderr } = await millrace(emptyFolder(), "run", jobFile("other"), "-q");
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "only\n", stderr: "" });
  });

  test("runs a job without input", async () => {
    const { code, stdout, stderr } = await millrace(emptyFolder(), "run", jobFile("empty"));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/records in +0$/m);
  });

  test("spreads the job with --parallelism", async () => {
    const { stdout } = await millrace(emptyFolder(), "run", numbers, "-p", "2");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.every((line) => /^[12]> \d+$/.test(line))).toBe(true);
    expect(lines).toHaveLength(10);
  });

  test("starts afresh after a job that has finished, and says so", async () => {
    const folder = emptyFolder();
    await millrace(folder, "run", jobFile("other"));
    const { code, stdout, stderr } = await millrace(folder, "run", jobFile("other"));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "only\n" });
    expect(stderr).toMatch(/^starting afresh: run [0-9a-f]{8} in .* is finished$/m);
  });

  test("takes settings of the nearest config file and of its stage", async () => {
    const folder = emptyFolder();
    const config = { parallelism: 1, stages: { wide: { parallelism: 3, params: { count: 30 } } } };
    writeFileSync(
      join(folder, "millrace.config.ts"),
      `import { defineConfig } from "millrace/config";\nexport default defineConfig(${JSON.stringify(config)});\n`,
    );
    const job = join(folder, "job.ts");
    writeFileSync(job, await readFile(numbers, "utf8"));
    const { stdout } = await millrace(folder, "run", "job.ts", "--stage", "wide");
    expect(stdout.trimEnd().split("\n").toSorted()).toEqual(["1> 0", "2> 10", "3> 20"]);
  });

  test("prints the report of a finished job", async () => {
    const folder = emptyFolder();
    writeFileSync(
      join(folder, "report.ts"),
      'import { defineReport } from "millrace/config";\nexport default defineReport(({ records, params, sinks }) => `${records} ${params.mode} ${sinks.length}`);\n',
    );
    const args = ["--set", "print=1000", "--report", "report.ts"];
    const { code, stdout } = await millrace(folder, "run", numbers, ...args);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "0\n100 plain 2\n" });
  });
});

describe("millrace run --json", () => {
  test("prints an error as an object, also of a run that cannot start", async () => {
    const { code, stdout } = await millrace(
      emptyFolder(),
      "run",
      numbers,
      "--json",
      "--set",
      "x=1",
    );
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      event: "error",
      exitCode: 2,
      code: "USAGE_PARAM_UNKNOWN",
    });
  });

  test("prints an object a line, also for printed records", async () => {
    const { code, stdout, stderr } = await millrace(emptyFolder(), "run", numbers, "--json");
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly event: string });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const kinds = new Set(events.map(({ event }) => event));
    kinds.delete("progress"); // there is one when the machine is slow
    expect([...kinds].toSorted()).toEqual(["checkpoint", "print", "result", "started"]);
    expect(events.filter(({ event }) => event === "print")).toHaveLength(10);
    expect(events.at(-1)).toMatchObject({
      event: "result",
      job: "numbers",
      state: "finished",
      records: 100,
      lateRecords: 0,
      params: { count: "100" },
      sinks: [{ target: "print" }, { uid: "files", target: "files(out)", records: 100 }],
    });
  });

  test("tells a failure, and standard error has the line for people", async () => {
    const args = ["--json", "--set", "mode=failing", "--set", "restart=none"];
    const { code, stdout, stderr } = await millrace(emptyFolder(), "run", numbers, ...args);
    const events = stdout.trimEnd().split("\n");
    expect(code).toBe(1);
    expect(JSON.parse(events.at(-2) ?? "")).toMatchObject({
      event: "failed",
      restartInMs: null,
      name: "JobError",
    });
    expect(JSON.parse(events.at(-1) ?? "")).toMatchObject({
      event: "error",
      exitCode: 1,
      name: "JobError",
    });
    expect(stderr).toMatch(/^error: job numbers, .*TypeError: seven is not liked/);
  });
});

describe("Ctrl-C", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s takes a last checkpoint, and the command that is printed goes on from it",
    async (signal) => {
      const folder = emptyFolder();
      const first = new Millrace(folder, ["run", numbers, "--fresh", ...SLOW]);
      await first.says("\n100\n");
      first.signal(signal);
      const stopped = await first.ended;
      expect(stopped.code).toBe(130);
      expect(stopped.stderr).toContain("stopping: a last checkpoint is taken");
      expect(stopped.stderr).toContain("job numbers stopped");
      const command = /go on from checkpoint \d+ with: node \S+main\.js (.*)$/m.exec(
        stopped.stderr,
      );
      const args = command?.[1]?.split(" ") ?? [];
      expect(args).toEqual(["run", numbers, ...SLOW, "--from", "latest"]);
      const before = await finished(folder);
      expect(before).toEqual(upTo(before.length));
      expect(before.length).toBeGreaterThan(100);

      const faster = args.map((arg) => (arg === "rate=2000" ? "rate=1000000" : arg));
      const second = await millrace(folder, ...faster);
      expect(second.code).toBe(0);
      expect(second.stderr).toContain("from checkpoint");
      expect(await finished(folder)).toEqual(upTo(100_000));
    },
  );

  test("twice ends at once, and the next run goes on from the last completed checkpoint", async () => {
    const folder = emptyFolder();
    const run = new Millrace(folder, ["run", numbers, ...SLOW]);
    await run.says(/checkpoint \d+ completed/);
    run.signal("SIGINT");
    run.signal("SIGTERM");
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("stopped at once");
    expect(stderr).toMatch(/go on from checkpoint \d+ with: .* --from latest$/m);
    const args = SLOW.map((arg) => (arg === "rate=2000" ? "rate=1000000" : arg));
    expect((await millrace(folder, "run", numbers, ...args, "--from", "latest")).code).toBe(0);
    expect(await finished(folder)).toEqual(upTo(100_000));
  });

  test("before the job runs ends at once", async () => {
    const folder = emptyFolder();
    writeFileSync(
      join(folder, "job.ts"),
      'console.log("loading");\nawait new Promise((done) => setTimeout(done, 60_000));\n',
    );
    const run = new Millrace(folder, ["run", "job.ts"]);
    await run.says("loading");
    run.signal("SIGINT");
    expect((await run.ended).code).toBe(130);
  });

  test("a reader that goes away is one, too", async () => {
    const folder = emptyFolder();
    const run = new Millrace(folder, ["run", numbers, ...SLOW]);
    await run.says("\n100\n");
    run.closeStdout();
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).not.toContain("EPIPE");
    const values = await finished(folder);
    expect(values).toEqual(upTo(values.length));
  });
});

describe("a checkpoint directory", () => {
  test("belongs to one job", async () => {
    const folder = emptyFolder();
    await millrace(folder, "run", numbers, "-d", "checkpoints");
    const { code, stderr } = await millrace(folder, "run", jobFile("other"), "-d", "checkpoints");
    expect(code).toBe(4);
    expect(stderr).toBe(
      "error: job other: checkpoint directory checkpoints belongs to job numbers; choose another --checkpoint-dir (RESTORE_OTHER_JOB)\n",
    );
  });

  test("belongs to one process at a time", async () => {
    const folder = emptyFolder();
    const first = new Millrace(folder, ["run", numbers, ...SLOW]);
    await first.says("\n100\n");
    const { code, stderr } = await millrace(folder, "run", numbers);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: .*\.millrace\/numbers is in use by process \d+ since .*; stop it/m,
    );
    first.signal("SIGINT");
    expect((await first.ended).code).toBe(130);
  });

  test("whose latest checkpoint is damaged falls back to the one before, and says so", async () => {
    const folder = emptyFolder();
    const first = new Millrace(folder, ["run", numbers, ...SLOW]);
    await first.says(/checkpoint \d+ completed/);
    first.signal("SIGINT");
    await first.ended;
    const checkpoints = readdirSync(join(folder, ".millrace/numbers"))
      .filter((name) => name.startsWith("chk-"))
      .toSorted((left, right) => Number(left.slice(4)) - Number(right.slice(4)));
    const [before, latest] = checkpoints.slice(-2);
    const damaged = join(folder, ".millrace/numbers", latest ?? "", "_metadata");
    expect(existsSync(damaged)).toBe(true);
    writeFileSync(damaged, "not what it was");
    const args = SLOW.map((arg) => (arg === "rate=2000" ? "rate=1000000" : arg));
    const { code, stderr } = await millrace(folder, "run", numbers, ...args);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^skipped a checkpoint: .*${latest}`, "m"));
    expect(stderr).toMatch(new RegExp(`from checkpoint ${before?.slice(4)}$`, "m"));
    expect(await finished(folder)).toEqual(upTo(100_000));
  });
});
