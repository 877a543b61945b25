/** A worker for the jobs of `examples/`, which ends itself at random if it is told so. */
import { type Job, defineJob } from "../../index.ts";
import { serveInvocations } from "../../infra/local/functions/worker.ts";
import { crashingPorts } from "../infra/local/functions/crashing-ports.ts";

/** What the test puts into `WorkerSetup.source`. */
export interface ExampleSource {
  readonly intervalMs: number;
  readonly crashes: { readonly seed: number; readonly share: number } | null;
}

/** What a job file sets would win over every other level of the settings. */
export function withInterval(example: Job, intervalMs: number): Job {
  return defineJob({
    ...example.settings,
    name: example.name,
    params: example.params,
    checkpointing: { interval: { milliseconds: intervalMs } },
    build: (env, context) => example.build(env, context),
  });
}

export function serve(example: Job): void {
  serveInvocations({
    loadJob: async (source) => withInterval(example, (source as ExampleSource).intervalMs),
    around(ports, { source }) {
      const { crashes } = source as ExampleSource;
      return crashes === null
        ? ports
        : crashingPorts(ports, crashes.seed + process.pid, crashes.share);
    },
  });
}
