import type { Program } from "../runtime/program.ts";
import type { Job } from "./define-job.ts";
import type { ParamDeclarations } from "./param.ts";
import type { ParamValue } from "./resolve-params.ts";
import type { ResolveSecret } from "./secret.ts";
import type { ConfigSettings, Settings } from "./settings.ts";
import type { ResolvedSettings } from "../graph/resolved-settings.ts";

/** Everything outside the job file that shapes a run. */
export interface BuildJobOptions {
  /** `--set k=v` of the command line: params and settings by full name, as texts. */
  readonly set?: Readonly<Record<string, string>>;
  /** Params that a program gives (`runJob`). */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Flags of the command line, such as `--parallelism`. */
  readonly commandLine?: Settings;
  readonly config?: ConfigSettings;
  readonly stage?: string | null;
  /** Settings whose default is another one in this host (strict mode in tests). */
  readonly defaults?: Settings;
  /** Looks secrets up; without it there are none. */
  readonly resolveSecret?: ResolveSecret;
}

export interface BuiltJob {
  readonly program: Program;
  readonly params: readonly ParamValue[];
  readonly settings: ResolvedSettings;
  /** Lines for the user, such as missing uids, each with what to do. */
  readonly warnings: readonly string[];
}

/** Builds a job: params and settings by precedence, `build` (twice, to compare), the plan. */
export declare function buildJob<P extends ParamDeclarations>(
  job: Job<P>,
  options?: BuildJobOptions,
): BuiltJob;
