import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type Collector,
  type JobHandle,
  WatermarkStrategy,
  collectSink,
  generatorSource,
  valueState,
} from "../../../index.ts";
import {
  ManualClock,
  ManualSource,
  listSink,
  numbers,
  settle,
  startJob,
  temporaryFolder,
} from "./harness.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Every look at the time finds that the turn is over. */
function endTurnsEarly(): void {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (now += 1_000));
}

const RECORDS = 60_000;

/** The first numbers below `count` that are not there exactly once. */
function timesOff(count: number, rows: readonly number[]): readonly string[] {
  const times = new Uint8Array(count);
  for (const n of rows) times[n] = (times[n] ?? 0) + 1;
  return numbers(count)
    .filter((n) => times[n] !== 1)
    .map((n) => `${n} is there ${times[n]} times`)
    .slice(0, 10);
}

const TIMERS = 1_000_000;
const KEYS = 10_000;

/** One watermark above all timers, with the last record. */
function watermarkAt(last: number): WatermarkStrategy<number> {
  return WatermarkStrategy.forGenerator<number>(
    () => ({
      onEvent: (n, _timestamp, output) => {
        if (n === last) output.emit(TIMERS);
      },
      onPeriodicEmit: () => undefined,
    }),
    { timestamp: (n) => n },
  );
}

describe("a turn that ends early", () => {
  test.each([
    { at: 10, parallelism: 1 },
    { at: 700, parallelism: 1 },
    { at: 5_000, parallelism: 1 },
    { at: 100, parallelism: 3 },
  ])(
    "in the middle of a batch has all of the batch in the checkpoint whose barrier follows (stopped at record $at, parallelism $parallelism)",
    async ({ at, parallelism }) => {
      endTurnsEarly();
      const checkpointDir = temporaryFolder();
      const rows = collectSink<number>();
      const run = async (onRecord: (n: number, handle: JobHandle) => void) => {
        const handle: JobHandle = await startJob(
          (env) => {
            env
              .fromSource(
                generatorSource({ generate: (index) => index, count: RECORDS }),
                WatermarkStrategy.noWatermarks(),
                "numbers",
              )
              .keyBy((n) => n % 100)
              .process({
                state: { sum: valueState<number>("sum") },
                processElement(n, ctx, out: Collector<number>) {
                  ctx.state.sum.update((ctx.state.sum.value() ?? 0) + n);
                  out.collect(n);
                  onRecord(n, handle);
                },
              })
              .uid("sums")
              .sinkTo(rows.sink)
              .uid("rows");
          },
          { parallelism, strict: false },
          { checkpointDir },
        );
        return (await handle.result).state;
      };
      const first = await run((n, handle) => {
        if (n === at) void handle.stop();
      });
      expect(first).toBe("stopped");
      expect(rows.values.length).toBeGreaterThan(at);
      expect(rows.values.length).toBeLessThan(RECORDS);
      expect(await run(() => undefined)).toBe("finished");
      expect(timesOff(RECORDS, rows.values)).toEqual([]);
    },
  );

  test("in the middle of a million timers at one watermark lets a barrier pass, and the rest fires after the restore", async () => {
    const checkpointDir = temporaryFolder();
    const source = new ManualSource<number>();
    for (const n of numbers(TIMERS)) source.push(n);
    const rows = collectSink<number>();
    const run = async (stopAfter: number): Promise<void> => {
      let count = 0;
      const handle: JobHandle = await startJob(
        (env) => {
          env
            .fromSource(source, watermarkAt(TIMERS - 1), "numbers")
            .keyBy((n) => n % KEYS)
            .process({
              processElement(n, ctx, _out: Collector<number>) {
                ctx.timers.registerEventTimeTimer(Math.floor(n / KEYS));
              },
              onTimer(timestamp, ctx, out) {
                out.collect(timestamp * KEYS + Number(ctx.getCurrentKey()));
                count += 1;
                if (count === stopAfter) void handle.stop();
              },
            })
            .uid("timers")
            .sinkTo(rows.sink)
            .uid("rows");
        },
        { strict: false },
        { checkpointDir },
      );
      await handle.result;
    };
    await run(400_000);
    expect(rows.values.length).toBeGreaterThanOrEqual(400_000);
    expect(rows.values.length).toBeLessThan(TIMERS);
    source.end();
    await run(Infinity);
    expect(timesOff(TIMERS, rows.values)).toEqual([]);
  });

  test("in the middle of its timers forwards no watermark before the last of them", async () => {
    endTurnsEarly();
    const rows = listSink<string>();
    const handle = await startJob((env) => {
      env
        .fromSequence(0, 999)
        .keyBy((n) => n % 10)
        .process({
          processElement(n, ctx, _out: Collector<string>) {
            ctx.timers.registerEventTimeTimer(n);
          },
          onTimer: (timestamp, _ctx, out) => out.collect(`timer ${timestamp}`),
        })
        .uid("timers")
        .keyBy(() => 0)
        .process({
          processElement(line, ctx, out: Collector<string>) {
            ctx.timers.registerEventTimeTimer(5_000);
            out.collect(line);
          },
          onTimer: (timestamp, _ctx, out) => out.collect(`behind ${timestamp}`),
        })
        .uid("behind")
        .sinkTo(rows.sink)
        .uid("rows");
    });
    await handle.result;
    expect(rows.values).toHaveLength(1_001);
    expect(rows.values.at(-1)).toBe("behind 5000");
  });

  test("forwards that its input is idle only behind the watermark that came with it", async () => {
    endTurnsEarly();
    const clock = new ManualClock(0);
    const [first, second] = [new ManualSource<number>(), new ManualSource<number>()];
    const rows = listSink<string>();
    const watermarks = WatermarkStrategy.forMonotonousTimestamps<number>({
      timestamp: (n) => n,
      idleness: { seconds: 1 },
    });
    const handle = await startJob(
      (env) => {
        env
          .fromSource(first, watermarks, "first")
          .union(env.fromSource(second, watermarks, "second"))
          .keyBy((n) => n % 10)
          .process({
            processElement(n, ctx, _out: Collector<string>) {
              for (const at of numbers(100, 100)) ctx.timers.registerEventTimeTimer(at + n);
            },
            onTimer: (timestamp, _ctx, out) => out.collect(`timer ${timestamp}`),
          })
          .uid("timers")
          .keyBy(() => 0)
          .process({
            processElement(_line, ctx, _out: Collector<string>) {
              ctx.timers.registerEventTimeTimer(900);
            },
            onTimer: (timestamp, _ctx, out) => out.collect(`behind ${timestamp}`),
          })
          .uid("behind")
          .sinkTo(rows.sink)
          .uid("rows");
      },
      { bufferTimeout: { milliseconds: 0 } },
      { clock },
    );
    first.push(...numbers(10));
    second.push(1_000);
    for (const time of [0, 1_001, 2_002, 3_003]) {
      await settle();
      clock.set(time);
      second.wake();
    }
    for (const time of [4_004, 5_005, 6_006]) {
      await settle();
      clock.set(time);
      first.wake();
    }
    await settle();
    expect(rows.values).toEqual(["behind 900"]);
    handle.cancel();
    await handle.result;
  });
});
