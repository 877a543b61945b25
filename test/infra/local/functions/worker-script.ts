/**
 * A worker of the tests: knows the jobs of `function-jobs.ts` by name, and ends itself at random if it
 * is told so.
 */
import { serveInvocations } from "../../../../infra/local/functions/worker.ts";
import { crashingPorts } from "./crashing-ports.ts";
import { functionJobs } from "./function-jobs.ts";

/** What the tests put into `WorkerSetup.source`. */
export interface TestSource {
  readonly job: string;
  /** Every worker draws from it and from its own process id. */
  readonly crashes: { readonly seed: number; readonly share: number } | null;
}

serveInvocations({
  async loadJob(source) {
    const { job } = source as TestSource;
    const found = functionJobs[job];
    if (found === undefined) throw new Error(`there is no job ${job}`);
    return found;
  },
  around(ports, { source }) {
    const { crashes } = source as TestSource;
    return crashes === null
      ? ports
      : crashingPorts(ports, crashes.seed + process.pid, crashes.share);
  },
});
