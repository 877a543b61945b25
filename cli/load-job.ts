import { type Job, isJob } from "../core/api/index.ts";
import { PlanError, show } from "../core/errors.ts";
import { loadModule } from "./load-module.ts";

export interface LoadedJob {
  readonly job: Job;
  readonly codeHash: string;
  /** Absolute path of the job file. */
  readonly path: string;
  /** As in `LoadedModule`. */
  readonly runnable: string;
}

/**
 * Loads the job that is the default export of `file`.
 *
 * @throws UsageError USAGE_NO_FILE; PlanError PLAN_JOB_FILE, PLAN_MISSING_PACKAGE, PLAN_NO_JOB
 */
export async function loadJob(file: string): Promise<LoadedJob> {
  const { defaultExport, codeHash, path, runnable } = await loadModule(file, "job file");
  if (isJob(defaultExport)) return { job: defaultExport, codeHash, path, runnable };
  throw new PlanError(
    defaultExport === null
      ? `${file} has no default export`
      : `the default export of ${file} is no job (got ${show(defaultExport)})`,
    { code: "PLAN_NO_JOB", hint: "write export default defineJob({ name, build(env) { ... } })" },
  );
}
