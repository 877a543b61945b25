import { describe, expect, test, vi } from "vitest";
import { sequenceSource } from "../../../core/connector/index.ts";
import { COORDINATOR_VERTEX, groupOf, queueOf } from "../../../core/protocol/address.ts";
import { decodeMessage, encodeMessage, readBody } from "../../../core/protocol/message.ts";
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

function counts(sink: CollectSink<Row>, parallelism: number): Job {
  return defineJob({
    name: "counts",
    parallelism,
    checkpointing: { interval: { seconds: 1 } },
    build(env) {
      env
        .fromSource(
          sequenceSource(0, RECORDS - 1),
          WatermarkStrategy.forMonotonousTimestamps<number>({ timestamp: (n) => n * 100 }),
          "numbers",
        )
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

const bounds = { recordsMax: 40, emissionsMax: 8 };

function inSets(sink: CollectSink<Row>, parallelism = 3, acknowledgementSetFrom = 1): Driver {
  return driver(counts(sink, parallelism), { bounds, acknowledgementSetFrom });
}

function expectAllOnce(sink: CollectSink<Row>): void {
  expect(new Set(sink.values.map(({ key, start }) => `${key} ${start}`)).size).toBe(
    sink.values.length,
  );
  expect(sink.values.reduce((sum, { count }) => sum + count, 0)).toBe(RECORDS);
}

/** Counts what is sent to the coordinator: acknowledgements, and tellings of a full set. */
function counted(run: Driver): {
  readonly acks: number;
  readonly full: ReadonlyMap<number, number>;
} {
  const full = new Map<number, number>();
  const seen = { acks: 0, full };
  const send = run.ports.queues.send.bind(run.ports.queues);
  vi.spyOn(run.ports.queues, "send").mockImplementation((queue, entries) => {
    for (const { body } of entries) {
      const { content } = decodeMessage(body);
      if (content.kind === "acknowledged") {
        full.set(content.checkpoint, (full.get(content.checkpoint) ?? 0) + 1);
      } else if (content.kind === "channel" && content.body.kind === "inline") {
        const items = readBody(content.body.bytes);
        seen.acks += items.filter(
          (item) => item.kind === "control" && item.control.kind === "ack",
        ).length;
      }
    }
    return send(queue, entries);
  });
  return seen;
}

async function phaseOf(run: Driver): Promise<string | undefined> {
  return (await run.control().overview())?.record.phase;
}

async function latestOf(run: Driver): Promise<number> {
  return (await run.control().overview())?.coordinator?.completed.latest?.checkpoint ?? 0;
}

/** Some turns, and then so much time that the next checkpoint is due. */
async function someWork(run: Driver, invocations: number, fresh = false): Promise<void> {
  await run.run({ invocations, fresh });
  run.clock.nowMs += 2_000;
  await run.run({ invocations, fresh });
}

describe("a job whose subtasks acknowledge in sets", () => {
  test.each([
    { name: "warm", fresh: false },
    { name: "cold", fresh: true },
  ])("completes checkpoints, told of each by one message ($name)", async ({ fresh }) => {
    const sink = collectSink<Row>();
    const run = inSets(sink);
    const sent = counted(run);
    await run.control().start({ from: "fresh" });
    for (let round = 0; round < 4; round += 1) await someWork(run, 12, fresh);
    await run.run({ fresh });
    expect(run.errors).toEqual([]);
    expect(await phaseOf(run)).toBe("finished");
    expectAllOnce(sink);
    expect(sent.acks).toBe(0);
    expect(await latestOf(run)).toBeGreaterThan(2);
    expect(sent.full.size).toBeGreaterThan(2);
    expect([...sent.full.values()]).toEqual([...sent.full.values()].map(() => 1));
    expect(run.ports.sets.names()).toEqual([]);
  });

  test("sends messages as before when it has no more subtasks than the threshold", async () => {
    const sink = collectSink<Row>();
    const run = inSets(sink, 1, 2);
    const sent = counted(run);
    expect(run.topology.subtasks).toHaveLength(2);
    await run.control().start({ from: "fresh" });
    await run.run();
    expect(sent.full.size).toBe(0);
    expect(sent.acks).toBeGreaterThan(0);
    expectAllOnce(sink);
  });

  test.each([10, 30, 50, 70])("rolls back to its latest checkpoint (after %i)", async (n) => {
    const sink = collectSink<Row>();
    const run = inSets(sink);
    await run.control().start({ from: "fresh" });
    await someWork(run, n);
    await run.control().start({ from: "latest" });
    expect(run.ports.sets.names()).toEqual([]);
    await run.run();
    expect(run.errors).toEqual([]);
    expectAllOnce(sink);
  });

  test("is restored from a savepoint, at parallelisms with and without sets", async () => {
    const sink = collectSink<Row>();
    const run = inSets(sink, 3, 3);
    const sent = counted(run);
    await run.control().start({ from: "fresh" });
    await run.run({ invocations: 25 });
    await run.control().command({ kind: "savepoint" }, "save");
    await run.run();
    expect(sent.acks).toBe(0);
    const overview = await run.control().overview();
    const saved = overview?.coordinator?.requests.find(({ requestId }) => requestId === "save");
    expect(saved).toMatchObject({ state: "done" });
    for (const parallelism of [2, 1]) {
      const again = collectSink<Row>();
      run.use(counts(again, parallelism) as never);
      await run.control().start({ from: { metadataKey: `${saved?.path}/_metadata` } });
      await run.run();
      expect(run.errors).toEqual([]);
      expectAllOnce(again);
    }
    expect(sent.acks).toBeGreaterThan(0);
  });

  test("stops with a savepoint, leaves no set, and goes on", async () => {
    const sink = collectSink<Row>();
    const run = inSets(sink);
    await run.control().start({ from: "fresh" });
    await run.run({ invocations: 25 });
    await run.control().command({ kind: "stop", drain: false }, "stop");
    await run.run();
    expect(await phaseOf(run)).toBe("stopped");
    expect(run.ports.sets.names()).toEqual([]);
    await run.control().start({ from: "latest" });
    await run.run();
    expect(run.errors).toEqual([]);
    expectAllOnce(sink);
  });

  test("does not care how often it is told of a full set", async () => {
    const sink = collectSink<Row>();
    const run = inSets(sink);
    await run.control().start({ from: "fresh" });
    let told = 0;
    for (let round = 0; round < 6; round += 1) {
      await someWork(run, 8);
      for (let checkpoint = 1; checkpoint <= (await latestOf(run)); checkpoint += 1) {
        told += 1;
        const content = { kind: "acknowledged", checkpoint } as const;
        const body = encodeMessage({ job: "counts", generation: 1, content });
        const entry = { group: groupOf(1, 0), deduplicationId: `again-${told}`, body };
        await run.ports.queues.send(queueOf("counts", COORDINATOR_VERTEX), [entry]);
      }
    }
    await run.run();
    expect(told).toBeGreaterThan(5);
    expect(run.errors).toEqual([]);
    expectAllOnce(sink);
  });
});
