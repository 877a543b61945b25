import { describe, expect, test } from "vitest";
import { DataError, JobError, PlanError, RestoreError, UsageError } from "../../core/errors.ts";
import { errorLines } from "../../cli/error-lines.ts";
import { exitCodeOf } from "../../cli/exit-code.ts";
import { PlainReporter } from "../../cli/plain-reporter.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { ProgressMeter } from "../../cli/progress.ts";
import { formatAmount, formatBytes, formatRate, formatSeconds } from "../../cli/quantity.ts";
import { resumeCommand } from "../../cli/resume-command.ts";
import type { JobStatus } from "../../infra/local/job-events.ts";

const status: JobStatus = {
  state: "running",
  attempt: 0,
  records: 0,
  watermark: 0,
  lastCheckpoint: null,
  checkpoints: 0,
  done: null,
};

describe("quantities", () => {
  test.each([
    [formatRate(0), "0/s"],
    [formatRate(7.4), "7/s"],
    [formatRate(1_234_567), "1,230,000/s"],
    [formatRate(999.6), "1,000/s"],
    [formatBytes(999), "999 B"],
    [formatBytes(1_500), "2 kB"],
    [formatBytes(412_345_678), "412 MB"],
    [formatSeconds(59_940), "59.9 s"],
    [formatSeconds(250_000), "4 min 10 s"],
    [formatAmount(1, "record"), "1 record"],
    [formatAmount(3_000_000, "record"), "3,000,000 records"],
  ])("%s", (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

describe("a progress bar", () => {
  test.each([
    [0, "▕          ▏"],
    [0.5, "▕█████     ▏"],
    [0.512_5, "▕█████▏    ▏"],
    [1, "▕██████████▏"],
    [1.7, "▕██████████▏"],
    [-1, "▕          ▏"],
  ])("of %d", (share, bar) => {
    expect(progressBar(share, 10)).toBe(bar);
  });
});

describe("the progress meter", () => {
  test("takes the rate over the last five seconds", () => {
    const meter = new ProgressMeter(0);
    expect(meter.look({ ...status, records: 100 }, 1_000).recordsPerSecond).toBe(100);
    for (let at = 2_000; at <= 10_000; at += 1_000) {
      meter.look({ ...status, records: 100 + (at - 1_000) * 10 }, at);
    }
    const look = meter.look({ ...status, records: 100 + 100_000 }, 11_000);
    expect(look.recordsPerSecond).toBe(10_000);
    expect(look.elapsedMs).toBe(11_000);
  });

  test("counts anew in each attempt", () => {
    const meter = new ProgressMeter(0);
    meter.look({ ...status, records: 5_000 }, 1_000);
    meter.look({ ...status, attempt: 1, records: 0 }, 2_000);
    const look = meter.look({ ...status, attempt: 1, records: 300 }, 3_000);
    expect(look.recordsPerSecond).toBe(300);
  });

  test("knows the age of the last checkpoint", () => {
    const meter = new ProgressMeter(0);
    expect(meter.look(status, 100).checkpointAgeMs).toBeNull();
    meter.checkpointCompleted(500);
    expect(meter.look(status, 800).checkpointAgeMs).toBe(300);
  });
});

describe("plain lines", () => {
  test("mention a checkpoint at most every two seconds", () => {
    let now = 0;
    const lines: string[] = [];
    const reporter = new PlainReporter(
      (line) => lines.push(line),
      () => {},
      () => now,
    );
    for (const checkpoint of [1, 2, 3, 4, 5]) {
      reporter.event({ kind: "checkpoint", checkpoint, durationMs: 3, bytes: 0 });
      now += 900;
    }
    expect(lines.map((line) => line.split(" ")[1])).toEqual(["1", "4"]);
  });

  test("hold what the live view shows", () => {
    const lines: string[] = [];
    const reporter = new PlainReporter(
      (line) => lines.push(line),
      () => {},
      () => 0,
    );
    const look = { ...status, records: 1_200, watermark: 0, lastCheckpoint: 3, done: 0.256 };
    reporter.progress(new ProgressMeter(0).look(look, 2_000));
    expect(lines).toEqual([
      "2.0 s, 1,200 records, 600/s, watermark 1970-01-01T00:00:00.000Z, checkpoint 3, 25 % done",
    ]);
  });
});

describe("the command that goes on", () => {
  test.each([
    [["run", "job.ts"], true, "run job.ts --from latest"],
    [["run", "job.ts", "--fresh", "-p", "2"], true, "run job.ts -p 2 --from latest"],
    [["run", "job.ts", "--from", "chk-3"], true, "run job.ts --from latest"],
    [["run", "--from=chk-3", "job.ts"], true, "run job.ts --from latest"],
    [["run", "job.ts", "--fresh"], false, "run job.ts"],
    [["run", "my job.ts", "--set", "a=it's"], false, "run 'my job.ts' --set 'a=it'\\''s'"],
  ])("%j with a checkpoint: %s", (argv, hasCheckpoint, expected) => {
    expect(resumeCommand(argv, hasCheckpoint).endsWith(` ${expected}`)).toBe(true);
  });
});

describe("errors", () => {
  const details = { code: "SOME_CODE" };
  test.each([
    [new UsageError("a", details), 2],
    [new PlanError("a", details), 3],
    [new RestoreError("a", details), 4],
    [new JobError("a", details), 1],
    [new DataError("a", details), 1],
    [new TypeError("a"), 1],
    ["a text", 1],
  ])("%s has the exit code %d", (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  test("of ours are one line with place, hint and code", () => {
    const error = new DataError("line 3 is\n no JSON", {
      ...details,
      hint: "correct it",
      where: { job: "orders" },
    });
    expect(errorLines(error, false)).toEqual([
      "job orders: line 3 is no JSON; correct it (SOME_CODE)",
    ]);
  });

  test("that nobody expected say how to report them", () => {
    expect(errorLines(new TypeError("x is not a function"), false)).toEqual([
      "unexpected TypeError: x is not a function; if it does not come from your code, please report it with what --verbose prints",
    ]);
  });

  test("show the stack of their first cause when asked to", () => {
    const cause = new RangeError("deep");
    const error = new JobError("shallow", { ...details, cause });
    expect(errorLines(error, true).slice(1).join("\n")).toBe(cause.stack);
  });
});
