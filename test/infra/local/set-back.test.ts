import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  WatermarkStrategy,
  defineJob,
  generatorSource,
  restartStrategy,
  runJob,
  valueState,
} from "../../../index.ts";
import type { Job, JobEvent, RunJobOptions } from "../../../index.ts";
import { fileSink, text } from "../../../infra/connectors/file/index.ts";

const COUNT = 300_000;

/**
 * Writes each number once; `stateName` is the name of the counter's state. Fails for good after
 * `failAfter` records.
 */
function numbersJob(output: string, stateName = "seen", failAfter = Infinity): Job {
  let records = 0;
  return defineJob({
    name: "numbers",
    restart: restartStrategy.none(),
    checkpointing: { interval: { days: 1 }, retained: 1_000 },
    build(env) {
      env
        .fromSource(
          generatorSource({ generate: (index) => index, count: COUNT }),
          WatermarkStrategy.noWatermarks(),
          "numbers",
        )
        .keyBy((value) => value % 10)
        .process({
          state: { seen: valueState<number>(stateName) },
          processElement(value, ctx, out) {
            records += 1;
            if (records > failAfter) throw new Error("no more");
            ctx.state.seen.update((ctx.state.seen.value() ?? 0) + 1);
            out.collect(String(value));
          },
        })
        .uid("count")
        .sinkTo(fileSink({ path: output, format: text() }))
        .uid("files");
    },
  });
}

function finishedLines(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .filter((line) => line !== "");
}

/** Runs the job up to its first records and stops it; gives the number of its last checkpoint. */
async function runAndStop(job: Job, options: RunJobOptions): Promise<number> {
  let begin = (): void => undefined;
  const began = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const onEvent = (event: JobEvent): void => {
    if (event.kind === "progress" && event.step.startsWith("read ")) begin();
  };
  const handle = await runJob(job, { ...options, onEvent });
  await began;
  const checkpoint = await handle.stop();
  await handle.result;
  return checkpoint;
}

describe("a run that is set back to one of its older checkpoints", () => {
  test("publishes every record once, also when it is restarted before its next checkpoint", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-set-back-"));
    const output = join(folder, "out");
    const checkpointDir = join(folder, "checkpoints");
    const job = numbersJob(output);
    const oldest = await runAndStop(job, { checkpointDir });
    await runAndStop(job, { checkpointDir });
    await (
      await runJob(job, { checkpointDir })
    ).result;
    expect(finishedLines(output)).toHaveLength(COUNT);

    const failing = numbersJob(output, "seen", 0);
    const broken = await runJob(failing, { checkpointDir, from: `chk-${oldest}` });
    await expect(broken.result).rejects.toThrow("no more");
    const events: JobEvent[] = [];
    const last = await runJob(job, { checkpointDir, onEvent: (event) => events.push(event) });
    await last.result;

    expect(events).toContainEqual({ kind: "started", attempt: 0, restoredFrom: oldest });
    const lines = finishedLines(output);
    expect(lines).toHaveLength(COUNT);
    expect(new Set(lines).size).toBe(COUNT);
  });
});

describe("a run that goes on as a job that differs", () => {
  test("says so", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-changed-"));
    const checkpointDir = join(folder, "checkpoints");
    await runAndStop(numbersJob(join(folder, "out")), { checkpointDir });
    const notices: string[] = [];
    const onEvent = (event: JobEvent): void => {
      if (event.kind === "notice") notices.push(event.line);
    };
    const same = await runJob(numbersJob(join(folder, "out")), { checkpointDir, onEvent });
    same.cancel();
    await same.result;
    expect(notices.join()).not.toContain("not quite the one");
    const other = numbersJob(join(folder, "elsewhere"));
    await (
      await runJob(other, { checkpointDir, from: "latest", onEvent })
    ).result;
    expect(notices.join()).toContain("not quite the one");
  });
});

describe("state that a job no longer declares", () => {
  test("is refused by name, and leaves with the first checkpoint when its loss is allowed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-unclaimed-"));
    const output = join(folder, "out");
    const checkpointDir = join(folder, "checkpoints");
    const from = `chk-${await runAndStop(numbersJob(output), { checkpointDir })}`;
    const renamed = numbersJob(output, "counted");

    const refused = await runJob(renamed, { checkpointDir, from });
    await expect(refused.result).rejects.toMatchObject({ code: "RESTORE_UNCLAIMED_STATE" });
    const allowed = await runJob(renamed, { checkpointDir, from, allowNonRestoredState: true });
    const { lastCheckpoint } = await allowed.result;
    const later = await runJob(renamed, { checkpointDir, from: `chk-${lastCheckpoint}` });
    await expect(later.result).resolves.toMatchObject({ state: "finished" });
  });
});
