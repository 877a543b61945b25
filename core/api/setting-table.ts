import { durationMs, formatDuration, parseDuration } from "../duration.ts";
import type { Duration } from "../duration.ts";
import { UsageError, show } from "../errors.ts";
import { limits } from "../limits.ts";
import type { RestartSettings } from "../runtime/program.ts";

/** One setting: how it is read from text, checked, and shown. `place` names it in errors. */
export interface Setting<T> {
  readonly parse: (text: string, place: string) => T;
  readonly check: (value: unknown, place: string) => T;
  readonly show: (value: T) => string;
}

/** All settings of a job by their full name, with durations in milliseconds. */
export interface SettingValues {
  readonly parallelism: number;
  readonly maxParallelism: number | null;
  readonly bufferTimeout: number;
  readonly checkpointing: boolean;
  readonly "checkpointing.interval": number;
  readonly "checkpointing.timeout": number;
  readonly "checkpointing.minPause": number;
  readonly "checkpointing.maxConcurrent": number;
  readonly "checkpointing.tolerableFailures": number;
  readonly "checkpointing.retained": number;
  readonly restart: RestartSettings;
  readonly strict: boolean;
}

export type SettingName = keyof SettingValues;

function refuse(place: string, value: unknown, expected: string, hint: string): never {
  throw new UsageError(`${place} is not ${expected} (got ${show(value)})`, {
    code: "USAGE_SETTING",
    hint,
  });
}

function integer(min: number, max: number): Setting<number> {
  const expected = `an integer from ${min} to ${max}`;
  const check = (value: unknown, place: string): number =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? value
      : refuse(place, value, expected, `write a number such as ${Math.max(min, 1)}`);
  return {
    parse: (text, place) => check(/^-?\d+$/.test(text) ? Number(text) : text, place),
    check,
    show: String,
  };
}

function duration(min: 0 | 1): Setting<number> {
  const atLeast = (ms: number, given: unknown, place: string): number =>
    ms >= min ? ms : refuse(place, given, "longer than 0", "write for instance 10s");
  return {
    parse: (text, place) => atLeast(durationMs(parseDuration(text, place), place), text, place),
    check: (value, place) =>
      typeof value === "string"
        ? atLeast(durationMs(parseDuration(value, place), place), value, place)
        : atLeast(durationMs(value as Duration, place), value, place), // durationMs refuses what is none
    show: formatDuration,
  };
}

const boolean: Setting<boolean> = {
  parse: (text, place) =>
    text === "true" ||
    (text === "false" ? false : refuse(place, text, "true or false", "write true or false")),
  check: (value, place) =>
    typeof value === "boolean"
      ? value
      : refuse(place, value, "true or false", "write true or false"),
  show: String,
};

const RESTART_HINT =
  "write restartStrategy.none() or restartStrategy.fixedDelay({ attempts, delay }), on a command line none or fixed-delay(3,10s)";

const restart: Setting<RestartSettings> = {
  parse: (text, place) => {
    if (text === "none") return { kind: "none" };
    const [, attempts, delay] = /^fixed-delay\((\d+), ?([^)]+)\)$/.exec(text) ?? [];
    if (attempts === undefined || delay === undefined) {
      return refuse(place, text, "a restart strategy", RESTART_HINT);
    }
    const delayMs = durationMs(parseDuration(delay, place), place);
    return restart.check({ kind: "fixed-delay", attempts: Number(attempts), delayMs }, place);
  },
  check: (value, place) =>
    isRestart(value) ? value : refuse(place, value, "a restart strategy", RESTART_HINT),
  show: (value) =>
    value.kind === "none"
      ? "none"
      : `fixed-delay(${value.attempts}, ${formatDuration(value.delayMs)})`,
};

function isRestart(value: unknown): value is RestartSettings {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  if (value.kind === "none") return true;
  if (value.kind !== "fixed-delay" || !("attempts" in value) || !("delayMs" in value)) return false;
  const { attempts, delayMs } = value;
  return (
    Number.isSafeInteger(attempts) &&
    Number(attempts) >= 1 &&
    Number.isSafeInteger(delayMs) &&
    Number(delayMs) >= 0
  );
}

const maxParallelism = integer(1, limits.maxParallelismMax);

/** Every setting, in the order in which `explain` prints them. */
export const settingTable: { readonly [Name in SettingName]: Setting<SettingValues[Name]> } = {
  parallelism: integer(1, limits.parallelismMax),
  maxParallelism: {
    ...maxParallelism,
    show: (value) => (value === null ? "derived from the parallelism" : String(value)),
  },
  bufferTimeout: duration(0),
  checkpointing: boolean,
  "checkpointing.interval": duration(1),
  "checkpointing.timeout": duration(1),
  "checkpointing.minPause": duration(0),
  "checkpointing.maxConcurrent": integer(1, 1_000),
  "checkpointing.tolerableFailures": integer(0, 1_000_000),
  "checkpointing.retained": integer(1, 1_000),
  restart,
  strict: boolean,
};

/** Whether `name` is a setting's full name, such as `checkpointing.interval`. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingTable, name);
}
