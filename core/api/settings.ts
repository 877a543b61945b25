import type { Duration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import type { ResolvedSettings } from "../graph/resolved-settings.ts";
import type { SettingValue } from "../plan/plan.ts";
import type { ExecutionSettings, RestartSettings } from "../runtime/program.ts";
import { didYouMean } from "./nearest-name.ts";
import { isSettingName, settingTable } from "./setting-table.ts";
import type { Setting, SettingName, SettingValues } from "./setting-table.ts";

/** What a job file, a config file and flags may set for a whole job. */
export interface Settings {
  /** Of every operator that sets none of its own. Default 1. */
  readonly parallelism?: number;
  /** Number of key groups: the bound of a later rescale. Default: 128, or more from 86 subtasks on. */
  readonly maxParallelism?: number;
  /** Records are sent on after this time at the latest; 0: at once. Default 100 ms, as Flink. */
  readonly bufferTimeout?: Duration;
  /** `false` switches periodic checkpoints off. Default on, unlike Flink. */
  readonly checkpointing?: CheckpointingOptions | boolean;
  /** Default: `restartStrategy.fixedDelay` with 3 attempts and 1 s; none without checkpointing. */
  readonly restart?: RestartSettings;
  /** Freezes values and round-trips them through the codec, to find what breaks elsewhere. */
  readonly strict?: boolean;
}

export interface CheckpointingOptions {
  /** From the start of one checkpoint to the start of the next. Default 10 s. */
  readonly interval?: Duration;
  /** A checkpoint that takes longer is given up. Default 10 min. */
  readonly timeout?: Duration;
  /** From the end of one checkpoint to the start of the next at least. Default 0. */
  readonly minPause?: Duration;
  /** Default 1. */
  readonly maxConcurrent?: number;
  /** Failed checkpoints in a row that do not fail the job. Default 0. */
  readonly tolerableFailures?: number;
  /** Completed checkpoints that are kept. Default 2: the latest, and one to fall back on. */
  readonly retained?: number;
}

/** Settings and params of `millrace.config.ts`; a stage's values win over those beside `stages`. */
export interface ConfigSettings extends Settings {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly stages?: Readonly<Record<string, StageSettings>>;
}

export interface StageSettings extends Settings {
  readonly params?: Readonly<Record<string, unknown>>;
}

/** The levels of decision c, strongest first; those of an operator are in its transformation. */
export interface SettingsInput {
  readonly job?: Settings;
  /** Flags such as `--parallelism`. */
  readonly commandLine?: Settings;
  /** `--set checkpointing.interval=5s`: full names and texts. */
  readonly set?: Readonly<Record<string, string>>;
  readonly config?: ConfigSettings;
  /** The stage of the config file; null: none. */
  readonly stage?: string | null;
  /** What the host does by default where it differs (strict mode in tests). */
  readonly defaults?: Settings;
}

type Values = Partial<SettingValues>;

interface Level {
  readonly origin: SettingValue["origin"];
  readonly values: Values;
}

const DEFAULTS: SettingValues = {
  parallelism: 1,
  maxParallelism: null,
  bufferTimeout: 100,
  checkpointing: true,
  "checkpointing.interval": 10_000,
  "checkpointing.timeout": 600_000,
  "checkpointing.minPause": 0,
  "checkpointing.maxConcurrent": 1,
  "checkpointing.tolerableFailures": 0,
  "checkpointing.retained": 2,
  restart: { kind: "fixed-delay", attempts: 3, delayMs: 1_000 },
  strict: false,
};

/**
 * The settings of a run with the origin of each: job file > command line > config file (stage,
 * then the rest) > default. Whatever is unknown or does not fit is a UsageError that says where
 * it stands.
 */
export function resolveSettings(input: SettingsInput): ResolvedSettings {
  const config = input.config ?? {};
  const levels: readonly Level[] = [
    { origin: "job", values: flatten(input.job ?? {}, "the job file") },
    { origin: "command line", values: flatten(input.commandLine ?? {}, "the command line") },
    { origin: "command line", values: parseSet(input.set ?? {}) },
    { origin: "config file", values: flattenStage(config, input.stage ?? null) },
    { origin: "config file", values: flatten(withoutStages(config), "the config file") },
    { origin: "default", values: flatten(input.defaults ?? {}, "the host") },
  ];
  const values: Record<string, unknown> = {};
  const shown: SettingValue[] = [];
  for (const name of Object.keys(settingTable) as SettingName[]) {
    const level = levels.find((candidate) => candidate.values[name] !== undefined);
    const value = level?.values[name] ?? defaultOf(name, values);
    values[name] = value;
    const setting = settingTable[name] as Setting<unknown>; // of the same name as the value
    const origin = level?.origin ?? "default";
    shown.push({ name, value: setting.show(value), origin, scope: "job" });
  }
  return resolved(values as unknown as SettingValues, shown); // every name of the table was set
}

/** Without checkpoints there is nothing to restart from, so the default is none then, as in Flink. */
function defaultOf(name: SettingName, before: Readonly<Record<string, unknown>>): unknown {
  return name === "restart" && before["checkpointing"] === false
    ? { kind: "none" }
    : DEFAULTS[name];
}

function resolved(values: SettingValues, shown: readonly SettingValue[]): ResolvedSettings {
  const execution: ExecutionSettings = {
    bufferTimeoutMs: values.bufferTimeout,
    checkpointing: {
      intervalMs: values.checkpointing ? values["checkpointing.interval"] : null,
      timeoutMs: values["checkpointing.timeout"],
      minPauseMs: values["checkpointing.minPause"],
      maxConcurrent: values["checkpointing.maxConcurrent"],
      tolerableFailures: values["checkpointing.tolerableFailures"],
      retained: values["checkpointing.retained"],
    },
    restart: values.restart,
    strict: values.strict,
  };
  const { parallelism, maxParallelism } = values;
  return { parallelism, maxParallelism, execution, values: shown };
}

/** The values of one level by full name; `place` names the level in errors. */
function flatten(settings: Settings, place: string): Values {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings) as [string, unknown][]) {
    if (value === undefined) continue;
    if (name === "checkpointing" && typeof value === "object" && value !== null) {
      values[name] = true;
      for (const [field, inner] of Object.entries(value) as [string, unknown][]) {
        if (inner !== undefined) checkInto(values, `checkpointing.${field}`, inner, place);
      }
    } else {
      checkInto(values, name, value, place);
    }
  }
  return values;
}

function checkInto(
  values: Record<string, unknown>,
  name: string,
  value: unknown,
  place: string,
): void {
  if (!isSettingName(name)) throw unknownSetting(name, place);
  values[name] = settingTable[name].check(value, `setting "${name}" of ${place}`);
}

/** `checkpointing.interval=5s` switches checkpointing on, like `{ interval }` in a job file. */
function parseSet(set: Readonly<Record<string, string>>): Values {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(set)) {
    if (!isSettingName(name)) throw unknownSetting(name, "the command line");
    values[name] = settingTable[name].parse(text, `setting "${name}" of the command line`);
    if (name.startsWith("checkpointing.")) values["checkpointing"] ??= true;
  }
  return values;
}

function unknownSetting(name: string, place: string): UsageError {
  return new UsageError(`${place} has an unknown setting "${name}"`, {
    code: "USAGE_SETTING_UNKNOWN",
    hint: didYouMean(name, Object.keys(settingTable)),
  });
}

function flattenStage(config: ConfigSettings, stage: string | null): Values {
  if (stage === null) return {};
  const stages = config.stages ?? {};
  const settings = Object.hasOwn(stages, stage) ? stages[stage] : undefined;
  if (settings === undefined) {
    throw new UsageError(`the config file has no stage "${stage}"`, {
      code: "USAGE_STAGE",
      hint: didYouMean(stage, Object.keys(stages)),
    });
  }
  return flatten(withoutStages(settings), `stage "${stage}" of the config file`);
}

function withoutStages(config: ConfigSettings): Settings {
  const { params: _params, stages: _stages, ...settings } = config;
  return settings;
}
