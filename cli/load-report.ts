import { MillraceError, JobError, UsageError, show } from "../core/errors.ts";
import { loadModule } from "./load-module.ts";
import type { Report, RunSummary } from "./run-summary.ts";

/**
 * Loads the default export of `file`, before the job runs, so that a wrong file costs nothing.
 *
 * @throws UsageError USAGE_NO_FILE, USAGE_REPORT; what it returns rejects with JOB_REPORT
 */
export async function loadReport(file: string): Promise<Report> {
  const { defaultExport } = await loadModule(file, "report file");
  if (typeof defaultExport !== "function") {
    throw new UsageError(
      `the default export of ${file} is no report (got ${show(defaultExport)})`,
      {
        code: "USAGE_REPORT",
        hint: "write export default defineReport((summary) => `${summary.records} records`)",
      },
    );
  }
  const report = defaultExport as Report; // what it returns is checked below
  return (summary) => callReport(report, summary, file);
}

async function callReport(report: Report, summary: RunSummary, file: string): Promise<string> {
  try {
    const text: unknown = await report(summary);
    if (typeof text === "string") return text;
    throw refused(file, `it returned ${show(text)}, not a text`, undefined);
  } catch (error) {
    throw error instanceof MillraceError ? error : refused(file, String(error), error);
  }
}

function refused(file: string, reason: string, cause: unknown): JobError {
  return new JobError(`the job is done, but the report ${file} failed: ${reason}`, {
    code: "JOB_REPORT",
    hint: "correct the report; the job need not run again",
    ...(cause === undefined ? {} : { cause }),
  });
}
