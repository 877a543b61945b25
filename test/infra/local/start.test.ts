import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defineJob, restartStrategy, runJob } from "../../../index.ts";
import type { Job, JobEvent } from "../../../index.ts";
import { fileSink, text } from "../../../infra/connectors/file/index.ts";

function linesJob(path: string): Job {
  return defineJob({
    name: "lines",
    restart: restartStrategy.fixedDelay({ attempts: 5, delay: { hours: 1 } }),
    build(env) {
      env
        .fromCollection(["a", "b"])
        .sinkTo(fileSink({ path, format: text() }))
        .uid("files");
    },
  });
}

describe("a job that cannot start", () => {
  test("fails at once when its output folder cannot be made, whatever the restart strategy", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-start-"));
    writeFileSync(join(folder, "file"), "");
    const events: JobEvent[] = [];
    const handle = await runJob(linesJob(join(folder, "file", "out")), {
      onEvent: (event) => events.push(event),
    });
    await expect(handle.result).rejects.toMatchObject({ name: "StorageError" });
    expect(events).toContainEqual(expect.objectContaining({ kind: "failed", restartInMs: null }));
  });

  test("names the path when there is no checkpoint at it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-start-"));
    const from = join(folder, "nope");
    const start = runJob(linesJob(join(folder, "out")), { checkpointDir: join(folder, "c"), from });
    await expect(start).rejects.toThrow(`there is no checkpoint at ${from}`);
  });
});
