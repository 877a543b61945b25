import { spawn } from "node:child_process";

/** The least that reports have: the last one says how the process ended. */
export interface Report {
  readonly kind: string;
}

/**
 * Runs a script with `options` as its only argument until it has finished or killed itself, and
 * answers the reports that it printed as lines. Any other end rejects with what it said.
 */
export function runToReport<R extends Report>(
  script: string,
  options: unknown,
): Promise<readonly R[]> {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const lines = output.split("\n").filter((line) => line !== "");
      const reports = lines.map((line) => JSON.parse(line) as R);
      const last = reports.at(-1)?.kind;
      if (code === 0 && last === "finished") resolve(reports);
      else if (signal === "SIGKILL" && last === "killed") resolve(reports);
      else reject(new Error(`the process ended with ${code ?? signal}: ${output}${errors}`));
    });
  });
}
