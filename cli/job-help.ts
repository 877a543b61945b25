import type { Job } from "../core/api/index.ts";
import { describeParam } from "../core/api/resolve-params.ts";
import { resolveSettings } from "../core/api/settings.ts";

/** The part of the help that a job adds: what it is, its params, and the settings as it has them. */
export function jobHelp(job: Job, file: string): string {
  const params = Object.entries(job.params).map(
    ([name, param]) => [`--set ${name}=${param.accepts}`, describeParam(param)] as const,
  );
  const settings = resolveSettings({ job: job.settings }).values.map(
    ({ name, value, origin }) =>
      [`--set ${name}=`, origin === "job" ? `${value}, set by the job` : value] as const,
  );
  const title = `Job ${job.name} (${file})${job.description === null ? "" : `: ${job.description}`}`;
  return [
    title,
    "",
    "Params:",
    ...(params.length === 0 ? ["  none"] : columns(params)),
    "",
    "Settings (those set by the job cannot be changed here):",
    ...columns(settings),
    "",
  ].join("\n");
}

function columns(rows: readonly (readonly [left: string, right: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
