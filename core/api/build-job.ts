import { MillraceError, PlanError, UsageError, show } from "../errors.ts";
import { buildProgram } from "../graph/build-program.ts";
import { planDifference } from "../graph/compare-plans.ts";
import { missingUids } from "../graph/missing-uids.ts";
import type { ResolvedSettings } from "../graph/resolved-settings.ts";
import type { Program } from "../runtime/program.ts";
import type { Job } from "./define-job.ts";
import { StreamExecutionEnvironment } from "./environment.ts";
import { didYouMean } from "./nearest-name.ts";
import type { ParamDeclarations, ParamValues } from "./param.ts";
import { resolveParams } from "./resolve-params.ts";
import type { ParamValue, ResolvedParams } from "./resolve-params.ts";
import type { ResolveSecret } from "./secret.ts";
import { isSettingName, settingTable } from "./setting-table.ts";
import { resolveSettings } from "./settings.ts";
import type { ConfigSettings, Settings } from "./settings.ts";

/** Everything outside the job file that shapes a run. */
export interface BuildJobOptions {
  /** `--set k=v` of the command line: params and settings by full name, as texts. */
  readonly set?: Readonly<Record<string, string>>;
  /** Params that a program gives (`runJob`). */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Flags of the command line, such as `--parallelism`, or what a program gives instead. */
  readonly commandLine?: Settings;
  readonly config?: ConfigSettings;
  /** The stage of the config file; null: none. */
  readonly stage?: string | null;
  /** Settings whose default is another one in this host (strict mode in tests). */
  readonly defaults?: Settings;
  /** Looks secrets up once the job runs; without it there are none. */
  readonly resolveSecret?: ResolveSecret;
}

export interface BuiltJob {
  readonly program: Program;
  readonly params: readonly ParamValue[];
  readonly settings: ResolvedSettings;
  /** Lines for the user, such as missing uids, each with what to do. */
  readonly warnings: readonly string[];
}

/**
 * Builds a job: params and settings by precedence, `build`, the plan. `build` is run twice, and two
 * different plans are a PlanError, because a restart would not find its state again.
 */
export function buildJob<P extends ParamDeclarations>(
  job: Job<P>,
  options: BuildJobOptions = {},
): BuiltJob {
  const set = splitSet(job, options.set ?? {});
  const settings = resolveSettings({ ...options, job: job.settings, set: set.settings });
  const secrets = new SecretGate(options.resolveSecret ?? noSecrets);
  const params = jobParams(job, set.params, options, secrets);
  const program = planOnce(job, params.values, settings);
  const again = planOnce(job, params.values, settings);
  refuseDifference(job.name, program, again);
  secrets.open();
  const warnings = missingUids(program.plan).map((missing) => missing.warning);
  return { program, params: params.shown, settings, warnings };
}

interface SplitSet {
  readonly params: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** No param has the name of a setting (`defineJob`), so a name says what is set. */
function splitSet(job: Job, set: Readonly<Record<string, string>>): SplitSet {
  const params: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const [name, text] of Object.entries(set)) {
    if (isSettingName(name)) settings[name] = text;
    else if (Object.hasOwn(job.params, name)) params[name] = text;
    else throw unknownSet(job, name);
  }
  return { params, settings };
}

function unknownSet(job: Job, name: string): UsageError {
  const params = Object.keys(job.params);
  const nearest = didYouMean(name, [...params, ...Object.keys(settingTable)]);
  return new UsageError(`--set ${name}: the job has no param and no setting of this name`, {
    code: "USAGE_PARAM_UNKNOWN",
    hint: nearest.startsWith("did") || params.length === 0 ? nearest : didYouMean(name, params),
    where: { job: job.name },
  });
}

function jobParams<P extends ParamDeclarations>(
  job: Job<P>,
  set: Readonly<Record<string, string>>,
  options: BuildJobOptions,
  secrets: SecretGate,
): ResolvedParams<P> {
  const { config = {}, stage = null } = options;
  const ofStage = stage === null ? {} : (config.stages?.[stage]?.params ?? {});
  return resolveParams({
    job: job.name,
    declared: job.params,
    levels: [
      { origin: "command line", values: set },
      { origin: "caller", values: options.params ?? {} },
      { origin: "config file", values: { ...config.params, ...ofStage } },
    ],
    resolveSecret: (reference) => secrets.resolve(reference),
  });
}

/** Keeps secrets shut while `build` runs, so that none can get into a plan. */
class SecretGate {
  readonly #resolve: ResolveSecret;
  #isOpen: boolean;

  constructor(resolve: ResolveSecret) {
    this.#resolve = resolve;
    this.#isOpen = false;
  }

  open(): void {
    this.#isOpen = true;
  }

  resolve(...[reference]: Parameters<ResolveSecret>): ReturnType<ResolveSecret> {
    if (this.#isOpen) return this.#resolve(reference);
    throw new PlanError(`the secret env:${reference.env} is resolved in build`, {
      code: "PLAN_SECRET",
      hint: "hand the param on, and call resolve() in open",
    });
  }
}

const noSecrets: ResolveSecret = () => Promise.resolve(null);

function planOnce<P extends ParamDeclarations>(
  job: Job<P>,
  params: ParamValues<P>,
  settings: ResolvedSettings,
): Program {
  const env = new StreamExecutionEnvironment();
  runBuild(job, env, params);
  return buildProgram({
    job: job.name,
    transformations: env.transformations,
    settings,
    deadLetters: env.deadLetterSink,
  });
}

function runBuild<P extends ParamDeclarations>(
  job: Job<P>,
  env: StreamExecutionEnvironment,
  params: ParamValues<P>,
): void {
  const result: unknown = callBuild(job, env, params);
  if (!(result instanceof Promise)) return;
  result.catch(() => {}); // what it would say is beside the point, but it must not go unhandled
  throw new PlanError("build returns a promise", {
    code: "PLAN_BUILD_ASYNC",
    hint: "remove async and await from build; do I/O in a source or in open",
    where: { job: job.name },
  });
}

function callBuild<P extends ParamDeclarations>(
  job: Job<P>,
  env: StreamExecutionEnvironment,
  params: ParamValues<P>,
): unknown {
  try {
    return job.build(env, { params });
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new PlanError(`build threw ${error instanceof Error ? String(error) : show(error)}`, {
      code: "PLAN_BUILD_FAILED",
      hint: "correct build; --verbose shows where it was thrown",
      where: { job: job.name },
      cause: error,
    });
  }
}

function refuseDifference(job: string, first: Program, second: Program): void {
  const difference = planDifference(first.plan, second.plan);
  if (difference === null) return;
  throw new PlanError(`build gives two different plans: ${difference}`, {
    code: "PLAN_NOT_DETERMINISTIC",
    hint: "take what varies (time, randomness, the environment, files) out of build; use params",
    where: { job },
  });
}
