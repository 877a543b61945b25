import type { ConfigSettings } from "../core/api/index.ts";
import type { Report } from "./run-summary.ts";

/**
 * Declares the default export of `millrace.config.ts`: settings and params for all jobs below its
 * folder, and stages (`--stage prod`) that win over them. What a job file or the command line sets
 * wins over both.
 *
 * @example
 * export default defineConfig({
 *   checkpointing: { interval: { seconds: 30 } },
 *   stages: { prod: { parallelism: 4, params: { input: "/data/flights" } } },
 * });
 */
export function defineConfig(config: ConfigSettings): ConfigSettings {
  return config;
}

/**
 * Declares the default export of a report: what `millrace run job.ts --report report.ts` prints on
 * standard output when the job has finished.
 *
 * @example
 * export default defineReport(({ records, params }) => `${records} records are in ${params.output}`);
 */
export function defineReport(report: Report): Report {
  return report;
}

export type { Report, RunSummary, SinkSummary } from "./run-summary.ts";
export type {
  CheckpointingOptions,
  ConfigSettings,
  Settings,
  StageSettings,
} from "../core/api/index.ts";
export { restartStrategy } from "../core/api/index.ts";
export type { Duration } from "../core/duration.ts";
