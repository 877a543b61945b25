import { describe, expect, test } from "vitest";
import { restartStrategy } from "../../../core/api/restart-strategy.ts";
import { isSettingName, settingTable } from "../../../core/api/setting-table.ts";
import { resolveSettings } from "../../../core/api/settings.ts";
import type { Settings, SettingsInput } from "../../../core/api/settings.ts";
import { MillraceError } from "../../../core/errors.ts";

function shown(input: SettingsInput): Readonly<Record<string, string>> {
  return Object.fromEntries(
    resolveSettings(input).values.map(({ name, value, origin }) => [name, `${value} (${origin})`]),
  );
}

function errorOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MillraceError) return `${error.code} ${error.describe()}`;
    throw error;
  }
  return "no error";
}

describe("settings", () => {
  test("have a default each", () => {
    expect(shown({})).toEqual({
      parallelism: "1 (default)",
      maxParallelism: "derived from the parallelism (default)",
      bufferTimeout: "100ms (default)",
      checkpointing: "true (default)",
      "checkpointing.interval": "10s (default)",
      "checkpointing.timeout": "10m (default)",
      "checkpointing.minPause": "0ms (default)",
      "checkpointing.maxConcurrent": "1 (default)",
      "checkpointing.tolerableFailures": "0 (default)",
      "checkpointing.retained": "2 (default)",
      restart: "fixed-delay(3, 1s) (default)",
      strict: "false (default)",
    });
    expect(resolveSettings({})).toMatchObject({
      parallelism: 1,
      maxParallelism: null,
      execution: {
        bufferTimeoutMs: 100,
        checkpointing: {
          intervalMs: 10_000,
          timeoutMs: 600_000,
          minPauseMs: 0,
          maxConcurrent: 1,
          tolerableFailures: 0,
          retained: 2,
        },
        restart: { kind: "fixed-delay", attempts: 3, delayMs: 1_000 },
        strict: false,
      },
    });
  });

  /** Every level, from the strongest to the weakest, sets the parallelism to another number. */
  const levels: readonly [string, SettingsInput][] = [
    ["9 (job)", { job: { parallelism: 9 } }],
    ["8 (command line)", { commandLine: { parallelism: 8 } }],
    ["7 (command line)", { set: { parallelism: "7" } }],
    ["6 (config file)", { stage: "prod", config: { stages: { prod: { parallelism: 6 } } } }],
    ["5 (config file)", { config: { parallelism: 5 } }],
    ["4 (default)", { defaults: { parallelism: 4 } }],
  ];

  test.each(levels)("of a stronger level win: %s", (expected) => {
    const weaker = levels.slice(levels.findIndex(([name]) => name === expected));
    const input = weaker.reduce<SettingsInput>(
      (merged, [, level]) => ({
        ...level,
        ...merged,
        config: { ...level.config, ...merged.config },
      }),
      {},
    );
    expect(shown(input)["parallelism"]).toBe(expected);
  });

  test("of a group come from different levels", () => {
    const values = shown({
      job: { checkpointing: { interval: { seconds: 5 } } },
      set: { "checkpointing.timeout": "1m" },
      config: { checkpointing: { interval: { hours: 1 }, retained: 7 } },
    });
    expect(values["checkpointing.interval"]).toBe("5s (job)");
    expect(values["checkpointing.timeout"]).toBe("1m (command line)");
    expect(values["checkpointing.retained"]).toBe("7 (config file)");
  });

  test("without checkpointing do not restart unless told to, as in Flink", () => {
    const off = resolveSettings({ job: { checkpointing: false } }).execution;
    expect(off.checkpointing.intervalMs).toBeNull();
    expect(off.restart).toEqual({ kind: "none" });
    const restart = restartStrategy.fixedDelay({ attempts: 1, delay: { seconds: 1 } });
    const told = resolveSettings({ job: { checkpointing: false, restart } });
    expect(told.execution.restart.kind).toBe("fixed-delay");
  });

  test("of a checkpoint switch checkpointing on at their own level", () => {
    const config = { checkpointing: false };
    const on = resolveSettings({ config, set: { "checkpointing.interval": "1s" } });
    expect(on.execution.checkpointing.intervalMs).toBe(1_000);
    const off = resolveSettings({ config, job: { checkpointing: false }, set: { strict: "true" } });
    expect(off.execution.checkpointing.intervalMs).toBeNull();
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["restart", { restart: "none" }, "none"],
    ["restart", { restart: "fixed-delay(5, 10s)" }, "fixed-delay(5, 10s)"],
    ["bufferTimeout", { bufferTimeout: "0ms" }, "0ms"],
    ["checkpointing", { checkpointing: "false" }, "false"],
    ["strict", { strict: "true" }, "true"],
    ["maxParallelism", { maxParallelism: "256" }, "256"],
  ])("are read from a command line: %s %o", (name, set, value) => {
    expect(shown({ set })[name]).toBe(`${value} (command line)`);
  });

  test("are read from a command line as they are shown", () => {
    const { values } = resolveSettings({ job: { maxParallelism: 128 } });
    const set = Object.fromEntries(values.map(({ name, value }) => [name, value]));
    expect(resolveSettings({ set }).values.map(({ value }) => value)).toEqual(
      values.map(({ value }) => value),
    );
  });

  test.each<[string, SettingsInput, string]>([
    [
      "an unknown one of the job file",
      { job: { paralelism: 2 } as Settings },
      'USAGE_SETTING_UNKNOWN the job file has an unknown setting "paralelism"; did you mean "parallelism"?',
    ],
    [
      "an unknown one of a group",
      { config: { checkpointing: { intervall: { seconds: 1 } } as object } },
      'the config file has an unknown setting "checkpointing.intervall"; did you mean "checkpointing.interval"?',
    ],
    [
      "an unknown one of the command line",
      { set: { color: "red" } },
      'the command line has an unknown setting "color"; there are parallelism, maxParallelism',
    ],
    [
      "an unknown one of a stage",
      { stage: "prod", config: { stages: { prod: { strikt: true } as Settings } } },
      'stage "prod" of the config file has an unknown setting "strikt"; did you mean "strict"?',
    ],
    [
      "an unknown stage",
      { stage: "prd", config: { stages: { prod: {} } } },
      'USAGE_STAGE the config file has no stage "prd"; did you mean "prod"?',
    ],
    [
      "a parallelism of 0",
      { job: { parallelism: 0 } },
      'USAGE_SETTING setting "parallelism" of the job file is not an integer from 1 to 32768 (got 0)',
    ],
    [
      "a parallelism that is no number",
      { set: { parallelism: "many" } },
      'setting "parallelism" of the command line is not an integer from 1 to 32768 (got "many")',
    ],
    [
      "an interval of 0",
      { job: { checkpointing: { interval: {} } } },
      'setting "checkpointing.interval" of the job file is not longer than 0 (got {})',
    ],
    [
      "a negative buffer timeout",
      { job: { bufferTimeout: { milliseconds: -1 } } },
      'setting "bufferTimeout" of the job file is not a duration (got {"milliseconds":-1})',
    ],
    [
      "checkpointing as a number",
      { job: { checkpointing: 5 as unknown as boolean } },
      'setting "checkpointing" of the job file is not true or false (got 5)',
    ],
    [
      "an unknown restart strategy",
      { set: { restart: "always" } },
      'setting "restart" of the command line is not a restart strategy (got "always"); write restartStrategy.none()',
    ],
    [
      "a restart strategy without attempts",
      { set: { restart: "fixed-delay(0,1s)" } },
      "is not a restart strategy",
    ],
    [
      "no retained checkpoint",
      { set: { "checkpointing.retained": "0" } },
      "from 1 to 1000 (got 0)",
    ],
  ])("refuse %s", (_name, input, message) => {
    expect(errorOf(() => resolveSettings(input))).toContain(message);
  });

  test("leave the params of a config file alone", () => {
    const config = { params: { a: 1 }, stages: { prod: { params: { b: 2 }, strict: true } } };
    expect(resolveSettings({ config, stage: "prod" }).execution.strict).toBe(true);
  });

  test("are known by their full names", () => {
    expect(Object.keys(settingTable).every(isSettingName)).toBe(true);
    expect(["toString", "checkpointing.x"].some(isSettingName)).toBe(false);
  });
});

describe("a restart strategy", () => {
  test.each([0, -1, 1.5, Number.NaN])("refuses %d attempts", (attempts) => {
    const delay = { seconds: 1 };
    expect(errorOf(() => restartStrategy.fixedDelay({ attempts, delay }))).toContain(
      "USAGE_SETTING restartStrategy.fixedDelay: attempts is not a positive integer",
    );
  });
});
