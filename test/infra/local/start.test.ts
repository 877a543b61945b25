import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { WatermarkStrategy, defineJob, restartStrategy, runJob } from "../../../index.ts";
import type { Job, JobEvent } from "../../../index.ts";
import { fileSink, fileSource, text } from "../../../infra/connectors/file/index.ts";

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

  test("fails at once when its input is not there, and names the source", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-start-"));
    const events: JobEvent[] = [];
    const job = defineJob({
      name: "copy",
      restart: restartStrategy.fixedDelay({ attempts: 5, delay: { hours: 1 } }),
      build(env) {
        env
          .fromSource(
            fileSource({ path: join(folder, "nope"), format: text() }),
            WatermarkStrategy.noWatermarks(),
            "input",
          )
          .sinkTo(fileSink({ path: join(folder, "out"), format: text() }));
      },
    });
    const handle = await runJob(job, { onEvent: (event) => events.push(event) });
    await expect(handle.result).rejects.toMatchObject({ where: { operator: "input" } });
    expect(events).toContainEqual(expect.objectContaining({ kind: "failed", restartInMs: null }));
  });

  test("says what there is when the present run has no checkpoint", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-start-"));
    const checkpointDir = join(folder, "c");
    await (
      await runJob(linesJob(join(folder, "out")), { checkpointDir })
    ).result;
    const again = await runJob(linesJob(join(folder, "out")), { checkpointDir, from: "fresh" });
    again.cancel();
    await again.result;
    const start = runJob(linesJob(join(folder, "out")), { checkpointDir, from: "latest" });
    await expect(start).rejects.toMatchObject({ hint: expect.stringContaining("chk-1") as string });
  });

  test("names the path when there is no checkpoint at it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-start-"));
    const from = join(folder, "nope");
    const start = runJob(linesJob(join(folder, "out")), { checkpointDir: join(folder, "c"), from });
    await expect(start).rejects.toThrow(`there is no checkpoint at ${from}`);
  });
});
