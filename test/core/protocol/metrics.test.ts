import { describe, expect, test } from "vitest";
import {
  type Collector,
  type KeyedContext,
  type KeyedProcessFunction,
  type RuntimeContext,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  collectSink,
  defineJob,
} from "../../../index.ts";
import { generatorSource } from "../../../core/connector/index.ts";
import type { MetricReporter, ReportedMetrics } from "../../../core/ports/index.ts";
import { MAX_WATERMARK } from "../../../core/timestamp.ts";
import { MemoryMetricReporter } from "../../../infra/memory/memory-metric-reporter.ts";
import { type Driver, driver } from "./driver.ts";

const COUNT = 120;
const LATE = 3;

class Tally implements KeyedProcessFunction<number, number, number> {
  #runtime!: RuntimeContext;

  open(runtime: RuntimeContext): void {
    this.#runtime = runtime;
    runtime.metrics.gauge("constant", () => 42);
    runtime.metrics.gauge("broken", () => {
      throw new Error("no reading");
    });
  }

  processElement(n: number, _ctx: KeyedContext<number>, out: Collector<number>): void {
    const { metrics } = this.#runtime;
    metrics.counter("seen").inc();
    metrics
      .addGroup("parity")
      .counter(n % 2 === 0 ? "even" : "odd")
      .inc();
    metrics.histogram("values").update(n);
    out.collect(n);
  }
}

/** Every 40th number comes a hundred windows late. */
function timeOf(n: number): number {
  return n % 40 === 39 ? n * 1_000 - 100_000 : n * 1_000;
}

function job(sink = collectSink<unknown>(), bufferTimeoutMs = 0) {
  return defineJob({
    name: "measured",
    parallelism: 2,
    bufferTimeout: { milliseconds: bufferTimeoutMs },
    checkpointing: { interval: { seconds: 1 } },
    build(env) {
      env
        .fromSource(
          generatorSource({ generate: (index) => index, count: COUNT, ratePerSecond: 100 }),
          WatermarkStrategy.forMonotonousTimestamps<number>({ timestamp: timeOf }),
          "numbers",
        )
        .uid("numbers")
        .setParallelism(1)
        .keyBy((n) => n % 5)
        .process(Tally)
        .uid("tally")
        .keyBy((n) => n % 3)
        .window(TumblingEventTimeWindows.of({ seconds: 1 }))
        .aggregate({ count: agg.count() })
        .uid("windows")
        .sinkTo(sink.sink)
        .uid("collected");
    },
  });
}

/** Runs it to its end; what was reported, summed over subtasks. */
async function measured(
  options: Parameters<typeof driver>[1] & { readonly fresh?: boolean } = {},
  prepare: (run: Driver) => void = () => undefined,
): Promise<{ readonly run: Driver; readonly counters: Counters; readonly sums: Sums }> {
  const reporter = new MemoryMetricReporter();
  const bounds = { recordsMax: 30, emissionsMax: 50 };
  const run = driver(job(), { bounds, metrics: reporter, ...options });
  prepare(run);
  await run.control().start({ from: "fresh" });
  await run.run({ fresh: options.fresh ?? false });
  expect((await run.control().overview())?.record.phase).toBe("finished");
  const sums = reporter.sums();
  return { run, sums, counters: countersOf(sums) };
}

type Sums = readonly ReportedMetrics[];
type Counters = Readonly<Record<string, number>>;

function countersOf(sums: Sums): Counters {
  const counters: Record<string, number> = {};
  for (const { operator, counters: own } of sums) {
    for (const [name, by] of Object.entries(own)) {
      counters[`${operator}.${name}`] = (counters[`${operator}.${name}`] ?? 0) + by;
    }
  }
  return counters;
}

const OPERATORS = {
  "numbers.numRecordsIn": COUNT,
  "numbers.numRecordsOut": COUNT,
  "tally.numRecordsIn": COUNT,
  "tally.numRecordsOut": COUNT,
  "tally.seen": COUNT,
  "tally.parity.even": COUNT / 2,
  "tally.parity.odd": COUNT / 2,
  "windows.numRecordsIn": COUNT,
  "windows.numLateRecordsDropped": LATE,
  "collected.numRecordsIn": COUNT - LATE,
};

describe("the metrics of a job on functions", () => {
  test("count what committed turns did, with user code's own", async () => {
    const { run, counters, sums } = await measured();
    expect(run.errors).toEqual([]);
    expect(counters).toMatchObject(OPERATORS);
    const tally = sums.filter(({ operator }) => operator === "tally");
    const values = tally.map(({ histograms }) => histograms["values"]);
    expect(values.reduce((sum, each) => sum + (each?.sum ?? 0), 0)).toBe((COUNT * (COUNT - 1)) / 2);
    expect(Math.max(...values.map((each) => each?.max ?? 0))).toBe(COUNT - 1);
    for (const { gauges } of tally) {
      expect(Object.keys(gauges).sort()).toEqual(["constant", "currentOutputWatermark"]);
      expect(gauges["constant"]?.value).toBe(42);
      expect(gauges["currentOutputWatermark"]?.value).toBe(MAX_WATERMARK);
    }
  });

  test.each([0, 300])(
    "are the same when every invocation has a container of its own, with output held back for %i ms",
    async (bufferTimeoutMs) => {
      const reporter = new MemoryMetricReporter();
      const run = driver(job(undefined, bufferTimeoutMs), { metrics: reporter });
      await run.control().start({ from: "fresh" });
      await run.run({ fresh: true });
      const counters = countersOf(reporter.sums());
      expect(counters).toMatchObject(OPERATORS);
      expect(counters["tally.coldStarts"]).toBeGreaterThan(5);
    },
  );

  test("leave out turns that lost their race", async () => {
    let appends = 0;
    const { counters, run } = await measured({}, ({ ports }) => {
      const { ledger } = ports;
      const append = ledger.append.bind(ledger);
      ledger.append = async (partition, version, item, scope) => {
        appends += 1;
        if (version > 0 && appends % 3 === 0) throw new Error("no answer");
        return append(partition, version, item, scope);
      };
    });
    expect(run.errors).toEqual([]);
    expect(counters).toMatchObject(OPERATORS);
    expect(counters["tally.lostRaces"]).toBeGreaterThan(3);
  });

  test("leave out turns that failed", async () => {
    let failures = 0;
    const { counters, run } = await measured({}, ({ topology }) => {
      const tally = topology.program.implementations.get("tally");
      if (tally?.kind !== "operator") throw new Error("tally is an operator");
      const { create } = tally;
      Object.assign(tally, {
        create: (setup: Parameters<typeof create>[0]) => {
          const operator = create(setup);
          const process = operator.process.bind(operator);
          operator.process = (value, timestamp) => {
            process(value, timestamp);
            if (value === 100 && (failures += 1) < 3) throw new Error("not yet");
          };
          return operator;
        },
      });
    });
    expect(run.errors).toHaveLength(2);
    expect(counters).toMatchObject(OPERATORS);
  });

  test("tell of turns, committed bytes and checkpoints", async () => {
    const { counters, run, sums } = await measured();
    const turns = Object.entries(counters).filter(([name]) => name.endsWith(".turns"));
    // Each of the six ledgers begins with an entry that is no turn.
    expect(turns.reduce((sum, [, count]) => sum + count, 0)).toBe(run.turns() - 6);
    expect(counters["tally.bytesCommitted"]).toBeGreaterThan(COUNT * 4);
    const coordinator = sums.find(({ operator }) => operator === ":coordinator");
    const result = (await run.control().overview())?.record.result;
    const completed = coordinator?.counters["numberOfCompletedCheckpoints"];
    expect(result).toMatchObject({ checkpoint: completed });
    expect(coordinator?.counters).not.toHaveProperty("numberOfFailedCheckpoints");
    expect(coordinator?.gauges["lastCheckpointDuration"]?.value).toBeGreaterThanOrEqual(0);
  });

  test("tell of messages that went back for want of credit", async () => {
    const { counters } = await measured({ creditsPerChannel: 1 }, ({ ports, clock }) => {
      const { queues } = ports;
      const receive = queues.receive.bind(queues);
      const busyUntil = clock.now() + 1_000;
      queues.receive = async (queue, options) =>
        queue.endsWith("/tally") && clock.now() < busyUntil ? [] : receive(queue, options);
    });
    expect(counters).toMatchObject(OPERATORS);
    expect(counters["numbers.creditWaits"]).toBeGreaterThan(0);
  });
});

describe("a metric reporter of functions", () => {
  test("is called once per invocation at most, and not when nothing changed", async () => {
    const reporter = new MemoryMetricReporter();
    const run = driver(job(), { metrics: reporter });
    await run.control().start({ from: "fresh" });
    let [invocations, reports] = [0, 0];
    await run.run({
      while: () => {
        expect(reporter.reports.length - reports).toBeLessThanOrEqual(
          run.invocations - invocations,
        );
        [invocations, reports] = [run.invocations, reporter.reports.length];
        return true;
      },
    });
    expect(reports).toBeGreaterThan(10);
    expect(reporter.reports.filter(({ groups }) => groups.length === 0)).toEqual([]);
    // Everything in the queues was consumed: it comes again, and changes nothing.
    const control = run.control();
    const record = (await control.overview())?.record;
    if (record !== undefined) await control.sendStarts(record);
    await run.run();
    expect(run.invocations).toBeGreaterThan(invocations);
    expect(reporter.reports.length).toBe(reports);
  });

  test.each(["rejects", "throws"])("that %s costs metrics and nothing else", async (how) => {
    const sink = collectSink<unknown>();
    const failure = new Error("no disk");
    const failing: MetricReporter = {
      report: () => {
        if (how === "throws") throw failure;
        return Promise.reject(failure);
      },
    };
    const run = driver(job(sink), { metrics: failing });
    await run.control().start({ from: "fresh" });
    await run.run();
    expect((await run.control().overview())?.record.phase).toBe("finished");
    expect(new Set(run.errors)).toEqual(new Set([failure]));
    const counts = sink.values as { readonly count: number }[];
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(COUNT - LATE);
  });
});
