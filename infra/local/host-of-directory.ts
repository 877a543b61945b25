import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../core/errors.ts";

/** Who runs jobs of this machine: in one process, or as functions in many. */
export type LocalHost = "embedded" | "functions";

/** What a directory of the functions host says of itself. */
export const FUNCTIONS_FILE = "functions.json";

const MARKS: Readonly<Record<LocalHost, string>> = {
  embedded: "run.json",
  functions: FUNCTIONS_FILE,
};

/** A directory belongs to one host: what the other one keeps in it looks differently. */
export function refuseOtherHost(directory: string, host: LocalHost): void {
  const other = host === "embedded" ? "functions" : "embedded";
  if (!existsSync(join(directory, MARKS[other]))) return;
  throw new UsageError(`checkpoint directory ${directory} belongs to the ${other} host`, {
    code: "USAGE_OTHER_HOST",
    hint: `run the job with --host ${other}, or choose another --checkpoint-dir; a savepoint goes from one host to the other with --from`,
  });
}
