import { UsageError, show } from "../errors.ts";
import { isName, toName } from "../ids.ts";
import type { StreamExecutionEnvironment } from "./environment.ts";
import { didYouMean } from "./nearest-name.ts";
import type { ParamDeclarations, ParamValues } from "./param.ts";
import { isSettingName } from "./setting-table.ts";
import { resolveSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** What `defineJob` takes: a name, parameters, settings, and how the job is built. */
export interface JobDefinition<P extends ParamDeclarations = ParamDeclarations> extends Settings {
  /** Letters, digits and `. _ -`; part of paths and, later, of queue names. */
  readonly name: string;
  /** A sentence for `--help` and `explain`. */
  readonly description?: string;
  readonly params?: P;
  /**
   * Describes the streams. It must be pure: no I/O, no clock, no randomness; building twice gives
   * the same plan.
   */
  build(env: StreamExecutionEnvironment, context: BuildContext<P>): void;
}

export interface BuildContext<P extends ParamDeclarations> {
  readonly params: ParamValues<P>;
}

/** Marks jobs so that they are recognised across copies of this module. */
export const JOB: unique symbol = Symbol.for("millrace.job");

/** A job as `defineJob` returns it; frozen. */
export interface Job<P extends ParamDeclarations = ParamDeclarations> {
  /** The version of this shape. */
  readonly [JOB]: 1;
  readonly name: string;
  readonly description: string | null;
  readonly params: P;
  readonly settings: Settings;
  build(env: StreamExecutionEnvironment, context: BuildContext<P>): void;
}

const FIELDS = ["name", "description", "params", "build"] as const;
const SETTINGS = [
  "parallelism",
  "maxParallelism",
  "bufferTimeout",
  "checkpointing",
  "restart",
  "strict",
] as const satisfies readonly (keyof Settings)[];

/**
 * Declares a job; the default export of a job file. Nothing runs until the job is given to the
 * command line or to `runJob`. A wrong name, field, parameter or setting is a UsageError.
 *
 * @example
 * export default defineJob({
 *   name: "orders",
 *   params: { input: param.string("data/orders.ndjson") },
 *   build(env, { params }) {
 *     env.fromSource(fileSource({ path: params.input, format: ndjson() }), WatermarkStrategy.noWatermarks(), "orders").print();
 *   },
 * });
 */
export function defineJob<const P extends ParamDeclarations = Record<never, never>>(
  definition: JobDefinition<P>,
): Job<P> {
  if (typeof definition !== "object" || definition === null) {
    throw refused(`defineJob was not given an object (got ${show(definition)})`, EXAMPLE);
  }
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its definition below
  const { name, description, params, build, ...settings } = definition;
  checkName(name);
  checkFields(name, settings);
  if (typeof build !== "function") {
    throw refused(`job ${name} has no build function (got ${show(build)})`, EXAMPLE);
  }
  checkParams(name, params ?? {});
  resolveSettings({ job: settings });
  return Object.freeze({
    [JOB]: 1 as const,
    name,
    description: description ?? null,
    params: Object.freeze({ ...params }) as P, // without params, P is the type of no fields
    settings: Object.freeze(settings),
    build: (env: StreamExecutionEnvironment, context: BuildContext<P>): void =>
      build.call(definition, env, context),
  });
}

/** Whether `value` is a job, also one made by another copy of Millrace. */
export function isJob(value: unknown): value is Job {
  return typeof value === "object" && value !== null && JOB in value && value[JOB] === 1;
}

const EXAMPLE = 'write defineJob({ name: "my-job", build(env) { ... } })';

function checkName(name: unknown): void {
  if (typeof name === "string" && isName(name)) return;
  const hint =
    typeof name === "string"
      ? `use letters, digits and . _ - (at most 128), for instance "${toName(name)}"`
      : EXAMPLE;
  throw refused(`a job's name is not valid (got ${show(name)})`, hint);
}

function checkFields(job: string, settings: object): void {
  for (const field of Object.keys(settings)) {
    if (SETTINGS.some((known) => known === field)) continue;
    throw refused(
      `job ${job} has an unknown field "${field}"`,
      didYouMean(field, [...FIELDS, ...SETTINGS]),
    );
  }
}

function checkParams(job: string, params: ParamDeclarations): void {
  for (const [name, declared] of Object.entries(params) as [string, unknown][]) {
    if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) {
      throw refused(
        `job ${job} has a param with an invalid name (got ${show(name)})`,
        "begin with a letter, then letters, digits, _ and -",
      );
    }
    if (isSettingName(name)) {
      throw refused(`job ${job} has a param named like the setting "${name}"`, "rename the param");
    }
    if (typeof declared !== "object" || declared === null || !("parse" in declared)) {
      throw refused(
        `param "${name}" of job ${job} is not declared with param (got ${show(declared)})`,
        `write for instance ${name}: param.string("default")`,
      );
    }
  }
}

function refused(message: string, hint: string): UsageError {
  return new UsageError(message, { code: "USAGE_JOB", hint });
}
