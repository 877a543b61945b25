import { describe, expect, test } from "vitest";
import { sequenceSource } from "../../../core/connector/index.ts";
import {
  type CollectSink,
  type Job,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  collectSink,
  defineJob,
} from "../../../index.ts";
import { type Driver, driver } from "./driver.ts";

interface Row {
  readonly key: number;
  readonly start: number;
  readonly count: number;
}

const RECORDS = 3_000;

function counts(sink: CollectSink<Row>, parallelism: number, extra = false): Job {
  return defineJob({
    name: "counts",
    parallelism,
    checkpointing: { interval: { seconds: 1 } },
    build(env) {
      const numbers = env.fromSource(
        sequenceSource(0, RECORDS - 1),
        WatermarkStrategy.forBoundedOutOfOrderness<number>(
          { days: 1 },
          { timestamp: (n) => n * 100 },
        ),
        "numbers",
      );
      const kept = extra ? numbers.filter(() => true).uid("kept") : numbers;
      kept
        .keyBy((n) => n % 7)
        .window(TumblingEventTimeWindows.of({ seconds: 5 }))
        .aggregate({ count: agg.count() }, (key, window, { count }) => ({
          key,
          start: window.start,
          count,
        }))
        .uid("counts")
        .sinkTo(sink.sink)
        .uid("collected");
    },
  });
}

function small(sink: CollectSink<Row>, parallelism = 2): Driver {
  return driver(counts(sink, parallelism), { bounds: { recordsMax: 40, emissionsMax: 8 } });
}

function expectAllOnce(sink: CollectSink<Row>): void {
  const windows = new Map<string, number>();
  for (const { key, start, count } of sink.values) {
    const name = `${key} ${start}`;
    expect(windows.has(name), `window ${name} came twice`).toBe(false);
    windows.set(name, count);
  }
  expect([...windows.values()].reduce((sum, count) => sum + count, 0)).toBe(RECORDS);
}

/** Runs until about `turns` invocations were made. */
async function runFor(run: Driver, invocations: number): Promise<void> {
  await run.run({ invocations });
}

describe("a job on functions", () => {
  test("takes no commands before it runs: its start may come to nothing (JC4)", async () => {
    const run = small(collectSink<Row>());
    const { blobs, ledger, queues } = run.ports;
    const { append } = ledger;
    ledger.append = () => Promise.reject(new Error("the client dies"));
    await expect(run.control().start({ from: "fresh" })).rejects.toThrow("the client dies");
    ledger.append = append;
    await expect(run.control().command({ kind: "savepoint" })).rejects.toMatchObject({
      code: "STORAGE_JOB_STARTING",
      retryable: true,
    });
    expect(queues.queues()).toEqual([]);
    expect(await blobs.list("")).toEqual([]);
  });

  test("survives queues that refuse each first try and take its id for used", async () => {
    const sink = collectSink<Row>();
    const run = small(sink);
    const { queues } = run.ports;
    const send = queues.send.bind(queues);
    const used = new Set<string>();
    let calls = 0;
    queues.send = async (queue, entries) => {
      calls += 1;
      const tried = entries.map(({ deduplicationId }) => used.has(deduplicationId));
      for (const { deduplicationId } of entries) used.add(deduplicationId);
      if (calls % 2 === 1) return entries.map(() => false);
      // What was refused before is swallowed: said to be accepted, and never delivered.
      const left = entries.filter((_, index) => tried[index] !== true);
      const accepted = left.length === 0 ? [] : [...(await send(queue, left))];
      return tried.map((swallowed) => swallowed || accepted.shift() === true);
    };
    await run.control().start({ from: "fresh" });
    await run.run();
    expect(run.errors).toEqual([]);
    expect((await run.control().overview())?.record.phase).toBe("finished");
    expectAllOnce(sink);
  });

  test("goes on from a stop's savepoint at another parallelism", async () => {
    const sink = collectSink<Row>();
    const run = small(sink);
    await run.control().start({ from: "fresh" });
    await runFor(run, 25);
    await run.control().command({ kind: "stop", drain: false }, "stop-1");
    await run.run();
    const stopped = await run.control().overview();
    expect(stopped?.record.phase).toBe("stopped");
    expect(stopped?.coordinator?.requests).toEqual([
      expect.objectContaining({ requestId: "stop-1", state: "done" }),
    ]);
    expect(sink.values).toEqual([]);
    run.use(counts(sink, 3) as never);
    await run.control().start({ from: "latest" });
    await run.run();
    expect(run.errors).toEqual([]);
    expect((await run.control().overview())?.record.phase).toBe("finished");
    expectAllOnce(sink);
  });

  test("ends its windows when it is drained", async () => {
    const sink = collectSink<Row>();
    const run = small(sink);
    await run.control().start({ from: "fresh" });
    await runFor(run, 25);
    await run.control().command({ kind: "stop", drain: true });
    await run.run();
    expect((await run.control().overview())?.record.phase).toBe("stopped");
    expect(sink.values.length).toBeGreaterThan(0);
    expect(run.errors).toEqual([]);
  });

  test.each([5, 20, 40, 60, 80])("rolls back to its latest checkpoint (after %i)", async (n) => {
    const sink = collectSink<Row>();
    const run = small(sink);
    await run.control().start({ from: "fresh" });
    await runFor(run, n);
    run.clock.nowMs += 5_000;
    await runFor(run, 15);
    await run.control().start({ from: "latest" });
    await run.run();
    expect(run.errors).toEqual([]);
    expectAllOnce(sink);
  });

  test("takes over state by uid when the plan changes", async () => {
    const sink = collectSink<Row>();
    const run = small(sink);
    await run.control().start({ from: "fresh" });
    await runFor(run, 30);
    run.clock.nowMs += 5_000;
    await runFor(run, 20);
    run.use(counts(sink, 2, true) as never);
    // Messages of the old plan wait; nothing of them is lost or processed by the new code.
    await runFor(run, 10);
    await run.control().start({ from: "latest" });
    await run.run();
    expect(run.errors).toEqual([]);
    expectAllOnce(sink);
  });

  test("takes a savepoint and goes on", async () => {
    const sink = collectSink<Row>();
    const run = small(sink);
    await run.control().start({ from: "fresh" });
    await runFor(run, 25);
    await run.control().command({ kind: "savepoint" }, "save");
    await run.run();
    const overview = await run.control().overview();
    const saved = overview?.coordinator?.requests.find(({ requestId }) => requestId === "save");
    expect(saved).toMatchObject({ state: "done" });
    expectAllOnce(sink);
    const again = collectSink<Row>();
    run.use(counts(again, 1) as never);
    await run.control().start({ from: { metadataKey: `${saved?.path}/_metadata` } });
    await run.run();
    expect(run.errors).toEqual([]);
    expectAllOnce(again);
  });
});
