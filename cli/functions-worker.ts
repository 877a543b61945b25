/** A worker of `millrace run --host functions`: loads the bundle that its parent has loaded. */
import { pathToFileURL } from "node:url";
import { isJob } from "../core/api/index.ts";
import { serveInvocations } from "../infra/local/functions/worker.ts";

process.setSourceMapsEnabled(true);
serveInvocations({
  async loadJob(source) {
    const path = String(source);
    const { default: job } = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (isJob(job)) return job;
    throw new Error(`${path} holds no job`);
  },
});
