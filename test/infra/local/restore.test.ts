import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Collector,
  type JobEvent,
  type RunJobOptions,
  type Settings,
  type StateOptions,
  WatermarkStrategy,
  collectSink,
  valueState,
} from "../../../index.ts";
import {
  ManualSource,
  eventually,
  listSink,
  numbers,
  startJob,
  temporaryFolder,
} from "./harness.ts";

interface CountingOptions {
  readonly uid?: string;
  readonly kind?: "count" | "plain";
  readonly state?: string;
  readonly stateOptions?: StateOptions;
  readonly settings?: Settings;
  readonly run?: RunJobOptions;
}

/** Numbers that a test pushes, counted per last digit: `3 #1`, `3 #2`, ... */
class Counting {
  readonly source = new ManualSource<number>();
  /** Two-phase: what is committed. */
  readonly rows = collectSink<string>();
  /** Everything the sink of the latest start was given. */
  seen = listSink<string>();
  readonly events: JobEvent[] = [];

  async start(options: CountingOptions = {}) {
    const { uid = "count", state = "count", stateOptions = {} } = options;
    this.seen = listSink<string>();
    return startJob(
      (env) => {
        const keyed = env
          .fromSource(this.source, WatermarkStrategy.noWatermarks(), "numbers")
          .uid("numbers")
          .keyBy((n) => n % 10);
        const counted =
          options.kind === "plain"
            ? env.fromCollection<string>([]).uid("nothing")
            : keyed
                .process({
                  state: { count: valueState<number>(state, stateOptions) },
                  processElement(n, ctx, out: Collector<string>) {
                    const count = (ctx.state.count.value() ?? 0) + 1;
                    ctx.state.count.update(count);
                    out.collect(`${n % 10} #${count}`);
                  },
                })
                .uid(uid);
        counted.sinkTo(this.seen.sink).uid("seen");
        counted.sinkTo(this.rows.sink).uid("rows");
      },
      options.settings ?? {},
      { onEvent: (event) => void this.events.push(event), ...options.run },
    );
  }

  notices(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === "notice" ? [event.line] : []));
  }
}

/** `counted(2, 3)`: every digit's counts 2 and 3. */
function counted(...counts: readonly number[]): readonly string[] {
  return counts.flatMap((count) => numbers(10).map((digit) => `${digit} #${count}`)).toSorted();
}

describe("a savepoint", () => {
  test.each([
    { from: 1, to: 3 },
    { from: 3, to: 2 },
    { from: 2, to: 2 },
  ])("taken at parallelism $from restores at $to, by its path", async ({ from, to }) => {
    const job = new Counting();
    const first = await job.start({
      settings: { parallelism: from },
      run: { checkpointDir: temporaryFolder() },
    });
    job.source.push(...numbers(10));
    await eventually(() => job.seen.values.length === 10);
    const savepoint = await first.savepoint();
    expect(job.rows.values).toEqual([]);
    job.source.push(...numbers(10));
    await eventually(() => job.seen.values.length === 20);
    expect(job.seen.values.toSorted()).toEqual(counted(1, 2));
    first.cancel();
    await first.result;

    const second = await job.start({
      settings: { parallelism: to },
      run: { checkpointDir: temporaryFolder(), from: savepoint },
    });
    await eventually(() => job.seen.values.length === 10);
    expect(job.seen.values.toSorted()).toEqual(counted(2));
    job.source.end();
    await second.result;
    // What the savepoint holds pre-committed is committed by the job that is restored from it.
    expect(job.rows.values.toSorted()).toEqual(counted(1, 2));
  });

  test("can be moved, and outlives the checkpoints of its job", async () => {
    const checkpointDir = temporaryFolder();
    const job = new Counting();
    const first = await job.start({ run: { checkpointDir } });
    job.source.push(...numbers(10));
    await eventually(() => job.seen.values.length === 10);
    const savepoint = await first.savepoint();
    job.source.push(...numbers(10));
    await first.stop();
    await first.result;
    const moved = join(temporaryFolder(), "elsewhere");
    renameSync(savepoint, moved);
    rmSync(checkpointDir, { recursive: true });

    const second = await job.start({ run: { from: moved } });
    await eventually(() => job.seen.values.length === 10);
    expect(job.seen.values.toSorted()).toEqual(counted(2));
    second.cancel();
    await second.result;
  });

  test("asked for several times gives one each, and the job goes on", async () => {
    const job = new Counting();
    const handle = await job.start({ run: { checkpointDir: temporaryFolder() } });
    const paths = await Promise.all([handle.savepoint(), handle.savepoint(), handle.savepoint()]);
    expect(new Set(paths).size).toBe(3);
    job.source.push(...numbers(10));
    job.source.end();
    await handle.result;
    expect(job.rows.values.toSorted()).toEqual(counted(1));
  });
});

describe("a checkpoint directory", () => {
  test("gives the next start the latest checkpoint, and a fresh one only on request", async () => {
    const checkpointDir = temporaryFolder();
    const job = new Counting();
    const first = await job.start({ run: { checkpointDir } });
    job.source.push(...numbers(10));
    await eventually(() => job.seen.values.length === 10);
    await first.stop();
    await first.result;
    const second = await job.start({ run: { checkpointDir } });
    job.source.push(...numbers(10));
    await eventually(() => job.seen.values.length === 10);
    expect(job.seen.values.toSorted()).toEqual(counted(2));
    second.cancel();
    await second.result;
    const third = await job.start({ run: { checkpointDir, from: "fresh" } });
    job.source.end();
    await third.result;
    expect(job.seen.values.toSorted()).toEqual(counted(1, 2));
    expect(job.notices()).toContainEqual(expect.stringMatching(/^continuing run .* checkpoint 1/));
    expect(job.notices()).toContainEqual(expect.stringMatching(/^starting afresh: run/));
  });

  test("of another job is refused", async () => {
    const checkpointDir = temporaryFolder();
    const job = new Counting();
    job.source.end();
    await (
      await job.start({ run: { checkpointDir } })
    ).result;
    const { defineJob, runJob } = await import("../../../index.ts");
    const other = defineJob({
      name: "other",
      build: (env) => void env.fromSequence(1, 2).sinkTo(listSink<number>().sink).uid("rows"),
    });
    await expect(runJob(other, { checkpointDir })).rejects.toMatchObject({
      name: "RestoreError",
      code: "RESTORE_OTHER_JOB",
      message: expect.stringContaining("belongs to job job"),
    });
  });

  test("is refused to a second start while the first one runs, and free again after it failed", async () => {
    const checkpointDir = temporaryFolder();
    const job = new Counting();
    const first = await job.start({ run: { checkpointDir } });
    await expect(job.start({ run: { checkpointDir } })).rejects.toMatchObject({
      name: "UsageError",
    });
    job.source.push(NaN, 1n as unknown as number);
    await expect(first.result).rejects.toMatchObject({ code: "JOB_USER_CODE" });
    const again = await job.start({ run: { checkpointDir } });
    again.cancel();
    await expect(again.result).resolves.toMatchObject({ state: "cancelled" });
  });

  test("without a checkpoint has nothing for --from latest", async () => {
    const job = new Counting();
    await expect(
      job.start({ run: { checkpointDir: temporaryFolder(), from: "latest" } }),
    ).rejects.toMatchObject({ code: "RESTORE_NO_CHECKPOINT" });
  });
});

/** Runs to one checkpoint and answers the directory. */
async function stopped(options: CountingOptions = {}): Promise<string> {
  const checkpointDir = temporaryFolder();
  const job = new Counting();
  const handle = await job.start({ ...options, run: { checkpointDir } });
  job.source.push(...numbers(10));
  await eventually(() => job.seen.values.length === 10);
  await handle.stop();
  await handle.result;
  return checkpointDir;
}

async function outcome(checkpointDir: string, options: CountingOptions): Promise<unknown> {
  const job = new Counting();
  job.source.push(...numbers(20));
  job.source.end();
  const handle = await job.start({ ...options, run: { checkpointDir, ...options.run } });
  await handle.result;
  return job.seen.values.toSorted();
}

describe("a restore", () => {
  test("is refused when an operator with state has another uid", async () => {
    await expect(outcome(await stopped(), { uid: "counts" })).rejects.toMatchObject({
      name: "RestoreError",
      code: "RESTORE_UNMATCHED_STATE",
      message: expect.stringContaining("count"),
      hint: expect.stringContaining("new in the job: counts"),
    });
  });

  test("drops that state when it is allowed", async () => {
    const options = { uid: "counts", run: { allowNonRestoredState: true } };
    expect(await outcome(await stopped(), options)).toEqual(counted(1));
  });

  test("is refused when an operator no longer declares its state", async () => {
    await expect(outcome(await stopped(), { state: "tally" })).rejects.toMatchObject({
      code: "RESTORE_UNCLAIMED_STATE",
      where: { operator: "count" },
      message: expect.stringContaining("count"),
    });
    const options = { state: "tally", run: { allowNonRestoredState: true } };
    expect(await outcome(await stopped(), options)).toEqual(counted(1));
  });

  test("is refused when the max parallelism is another one", async () => {
    const checkpointDir = await stopped({ settings: { maxParallelism: 64 } });
    const settings = { maxParallelism: 96 };
    await expect(outcome(checkpointDir, { settings })).rejects.toMatchObject({
      code: "RESTORE_MAX_PARALLELISM",
      hint: expect.stringContaining("set maxParallelism to 64"),
    });
  });

  test("turns old values into new ones where the state says how", async () => {
    const migrate = { 1: (old: never) => (old as number) + 100, 2: (old: never) => old };
    const options = { stateOptions: { version: 3, migrate } };
    expect(await outcome(await stopped(), options)).toEqual(counted(102));
  });

  test("is refused when the state does not say how", async () => {
    for (const stateOptions of [
      { version: 2 },
      { version: 3, migrate: { 2: (old: never) => old } },
    ]) {
      await expect(outcome(await stopped(), { stateOptions })).rejects.toMatchObject({
        name: "RestoreError",
        message: expect.stringContaining("count"),
      });
    }
  });

  test("of a checkpoint whose newest one is damaged takes the one before, and says so", async () => {
    const checkpointDir = await stopped();
    const job = new Counting();
    job.source.push(...numbers(20));
    const handle = await job.start({ run: { checkpointDir } });
    await eventually(() => job.seen.values.length === 10);
    const checkpoint = await handle.stop();
    await handle.result;
    writeFileSync(join(checkpointDir, `chk-${checkpoint}`, "_metadata"), "nonsense");
    const notices: JobEvent[] = [];
    const run = { onEvent: (event: JobEvent) => void notices.push(event) };
    expect(await outcome(checkpointDir, { run })).toEqual(counted(2));
    expect(notices).toContainEqual({
      kind: "notice",
      line: expect.stringContaining(`skipped a checkpoint: chk-${checkpoint} is corrupt`),
    });
  });
});

describe("a checkpoint that fails", () => {
  /** Makes the storage refuse the metadata of checkpoint `number`. */
  function block(checkpointDir: string, number: number): void {
    writeFileSync(join(checkpointDir, `chk-${number}`), "in the way");
  }

  test("fails the job when none is tolerable", async () => {
    const checkpointDir = temporaryFolder();
    const job = new Counting();
    const handle = await job.start({ run: { checkpointDir } });
    block(checkpointDir, 1);
    const failed = expect(handle.result).rejects.toMatchObject({
      code: "JOB_CHECKPOINT_FAILED",
      message: expect.stringContaining("checkpoint 1 failed"),
    });
    await expect(handle.stop()).rejects.toMatchObject({ code: "JOB_CHECKPOINT_FAILED" });
    await failed;
  });

  test("is tolerated as often as the job says, and the job goes on, also after a stop", async () => {
    const checkpointDir = temporaryFolder();
    const job = new Counting();
    const settings = { checkpointing: { tolerableFailures: 2 } };
    const handle = await job.start({ settings, run: { checkpointDir } });
    for (const number of [1, 2]) {
      block(checkpointDir, number);
      await expect(handle.stop()).rejects.toMatchObject({
        code: "JOB_CHECKPOINT_FAILED",
        retryable: true,
      });
    }
    job.source.push(...numbers(10));
    await eventually(() => job.seen.values.length === 10);
    expect(await handle.stop()).toBe(3);
    await handle.result;
    expect(job.rows.values.toSorted()).toEqual(counted(1));
    const failures = job.events.flatMap((event) =>
      event.kind === "checkpoint-failed" ? [event.checkpoint] : [],
    );
    expect(failures).toEqual([1, 2]);
    expect(await outcome(checkpointDir, {})).toEqual(counted(2));
  });

  test("because keyed state cannot be written leaves nothing out of the next one", async () => {
    const checkpointDir = temporaryFolder();
    const job = new Counting();
    const settings = { checkpointing: { tolerableFailures: 1 } };
    const handle = await job.start({ settings, run: { checkpointDir } });
    job.source.push(...numbers(10));
    await eventually(() => job.seen.values.length === 10);
    writeFileSync(join(checkpointDir, "shared"), "in the way");
    await expect(handle.stop()).rejects.toMatchObject({ code: "JOB_CHECKPOINT_FAILED" });
    rmSync(join(checkpointDir, "shared"));
    await handle.stop();
    await handle.result;
    expect(await outcome(checkpointDir, {})).toEqual(counted(2));
  });

  test("keeps only the retained ones and the files they name", async () => {
    const checkpointDir = temporaryFolder();
    const job = new Counting();
    const settings = { checkpointing: { interval: { milliseconds: 1 }, retained: 2 } };
    const handle = await job.start({ settings, run: { checkpointDir } });
    const completed = (): number => job.events.filter(({ kind }) => kind === "checkpoint").length;
    for (let round = 1; round <= 6; round += 1) {
      job.source.push(...numbers(10));
      await eventually(() => completed() >= round);
    }
    await handle.stop();
    await handle.result;
    const names = readdirSync(checkpointDir).filter((name) => name.startsWith("chk-"));
    expect(names).toHaveLength(2);
    const again = await job.start({ settings, run: { checkpointDir } });
    job.source.push(...numbers(10));
    job.source.end();
    await again.result;
    expect(job.seen.values.toSorted()).toEqual(counted(7));
  });
});
