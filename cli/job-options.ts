import type { BuildJobOptions } from "../core/api/build-job.ts";
import type { JobArguments } from "./command-line.ts";
import { loadConfig } from "./load-config.ts";
import { type LoadedJob, loadJob } from "./load-job.ts";

export interface JobToBuild extends LoadedJob {
  readonly options: BuildJobOptions;
}

/** Loads the job file and the config file that a command line names. */
export async function loadJobWithOptions(args: JobArguments): Promise<JobToBuild> {
  const loaded = await loadJob(args.job);
  const config = await loadConfig(args.config, loaded.path);
  const { parallelism, set, stage } = args;
  const options: BuildJobOptions = {
    set,
    stage,
    commandLine: parallelism === null ? {} : { parallelism },
    ...(config === null ? {} : { config }),
  };
  return { ...loaded, options };
}
