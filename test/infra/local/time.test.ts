import { describe, expect, test } from "vitest";
import {
  type Collector,
  ProcessingTimeSessionWindows,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
  WatermarkStrategy,
  agg,
  collectSink,
} from "../../../index.ts";
import {
  ManualClock,
  ManualSource,
  eventually,
  listSink,
  numbers,
  runToEnd,
  settle,
  startJob,
} from "./harness.ts";

const START = 1_000_000;

describe("processing time", () => {
  test.each([1, 2])(
    "timers fire when the clock reaches them (parallelism %i)",
    async (parallelism) => {
      const clock = new ManualClock(START);
      const source = new ManualSource<string>();
      const rows = listSink<string>();
      const handle = await startJob(
        (env) => {
          env
            .fromSource(source, WatermarkStrategy.noWatermarks(), "names")
            .keyBy((name) => name)
            .process({
              processElement(name, ctx, _out: Collector<string>) {
                const now = ctx.timers.currentProcessingTime();
                ctx.timers.registerProcessingTimeTimer(now + 100);
                ctx.timers.registerProcessingTimeTimer(now + 300);
                if (name === "b") ctx.timers.deleteProcessingTimeTimer(now + 100);
              },
              onTimer(timestamp, ctx, out) {
                out.collect(`${ctx.getCurrentKey()} ${ctx.timeDomain()} +${timestamp - START}`);
              },
            })
            .uid("timers")
            .sinkTo(rows.sink)
            .uid("rows");
        },
        { parallelism, bufferTimeout: { milliseconds: 0 } },
        { clock },
      );
      source.push("a", "b");
      const at = async (time: number): Promise<readonly string[]> => {
        await settle();
        clock.set(START + time);
        source.wake();
        await settle();
        return rows.values.toSorted();
      };
      expect(await at(99)).toEqual([]);
      expect(await at(100)).toEqual(["a processing +100"]);
      expect(await at(299)).toEqual(["a processing +100"]);
      const all = ["a processing +100", "a processing +300", "b processing +300"];
      expect(await at(300)).toEqual(all);
      expect(await at(1_000)).toEqual(all);
      source.end();
      await handle.result;
      expect(rows.values.toSorted()).toEqual(all);
    },
  );

  test("windows fire with the clock, and what is open at the end of input does not", async () => {
    const clock = new ManualClock(START);
    const source = new ManualSource<number>();
    const [tumbling, sessions] = [listSink<number>(), listSink<number>()];
    const handle = await startJob(
      (env) => {
        const keyed = env
          .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
          .keyBy(() => "all");
        const count = { n: agg.count() };
        keyed
          .window(TumblingProcessingTimeWindows.of({ milliseconds: 100 }))
          .aggregate(count, (_key, _window, { n }) => n)
          .uid("tumbling")
          .sinkTo(tumbling.sink)
          .uid("tumbling-rows");
        keyed
          .window(ProcessingTimeSessionWindows.withGap({ milliseconds: 100 }))
          .aggregate(count, (_key, _window, { n }) => n)
          .uid("sessions")
          .sinkTo(sessions.sink)
          .uid("session-rows");
      },
      { bufferTimeout: { milliseconds: 0 } },
      { clock },
    );
    const at = async (time: number, records = 0): Promise<unknown> => {
      clock.set(START + time);
      source.push(...numbers(records));
      await settle();
      return { tumbling: [...tumbling.values], sessions: [...sessions.values] };
    };
    await at(10, 3);
    expect(await at(90, 2)).toEqual({ tumbling: [], sessions: [] });
    // A window fires at the last millisecond that belongs to it.
    expect(await at(98)).toEqual({ tumbling: [], sessions: [] });
    expect(await at(99)).toEqual({ tumbling: [5], sessions: [] });
    expect(await at(150, 1)).toEqual({ tumbling: [5], sessions: [] });
    expect(await at(248)).toEqual({ tumbling: [5, 1], sessions: [] });
    expect(await at(249)).toEqual({ tumbling: [5, 1], sessions: [6] });
    expect(await at(260, 4)).toEqual({ tumbling: [5, 1], sessions: [6] });
    source.end();
    await handle.result;
    clock.set(START + 10_000);
    expect({ tumbling: tumbling.values, sessions: sessions.values }).toEqual({
      tumbling: [5, 1],
      sessions: [6],
    });
  });

  test("stands still for a task whose input has ended, while others go on", async () => {
    const clock = new ManualClock(START);
    const [ending, lasting] = [new ManualSource<string>(), new ManualSource<string>()];
    const rows = listSink<string>();
    const handle = await startJob(
      (env) => {
        const delayed = (source: ManualSource<string>, name: string): void => {
          env
            .fromSource(source, WatermarkStrategy.noWatermarks(), name)
            .keyBy((value) => value)
            .process({
              processElement(_value, ctx, _out: Collector<string>) {
                ctx.timers.registerProcessingTimeTimer(START + 100);
              },
              onTimer: (_timestamp, ctx, out) => out.collect(`timer of ${ctx.getCurrentKey()}`),
            })
            .uid(`timers-${name}`)
            .sinkTo(rows.sink)
            .uid(`rows-${name}`);
        };
        delayed(ending, "ending");
        delayed(lasting, "lasting");
      },
      { bufferTimeout: { milliseconds: 0 } },
      { clock },
    );
    ending.push("a");
    ending.end();
    lasting.push("b");
    await settle();
    clock.set(START + 100);
    lasting.wake();
    await eventually(() => rows.values.length > 0);
    await settle();
    expect(rows.values).toEqual(["timer of b"]);
    lasting.end();
    await handle.result;
  });
});

describe("a buffer timeout", () => {
  async function arrivals(milliseconds: number): Promise<readonly (readonly number[])[]> {
    const clock = new ManualClock(START);
    const source = new ManualSource<number>();
    const rows = listSink<number>();
    const handle = await startJob(
      (env) => {
        env
          .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
          .keyBy((n) => n)
          .reduce((a, b) => a + b)
          .uid("sum")
          .sinkTo(rows.sink)
          .uid("rows");
      },
      { bufferTimeout: { milliseconds } },
      { clock },
    );
    const seen: (readonly number[])[] = [];
    const look = async (): Promise<void> => {
      await settle();
      seen.push([...rows.values]);
    };
    await settle();
    source.push(1);
    await look();
    clock.set(START + 99);
    source.wake();
    await look();
    clock.set(START + 100);
    source.wake();
    await look();
    source.push(2);
    await handle.stop();
    await look();
    await handle.result;
    return seen;
  }

  test("of 0 sends every record on at once", async () => {
    expect(await arrivals(0)).toEqual([[1], [1], [1], [1, 2]]);
  });

  test("of 100 ms keeps a record no longer than that; a barrier sends what is there", async () => {
    expect(await arrivals(100)).toEqual([[], [], [1], [1, 2]]);
  });
});

describe("event time", () => {
  interface Tick {
    readonly at: number;
    readonly name: string;
  }

  test.each([1, 2])("goes on without an idle source (parallelism %i)", async (parallelism) => {
    const clock = new ManualClock(START);
    const [busy, quiet] = [new ManualSource<Tick>(), new ManualSource<Tick>()];
    const rows = listSink<string>();
    const watermarks = WatermarkStrategy.forMonotonousTimestamps<Tick>({
      timestamp: (tick) => tick.at,
      idleness: { minutes: 1 },
    });
    const handle = await startJob(
      (env) => {
        env
          .fromSource(busy, watermarks, "busy")
          .setParallelism(1)
          .union(env.fromSource(quiet, watermarks, "quiet").setParallelism(1))
          .keyBy((tick) => tick.name)
          .window(TumblingEventTimeWindows.of({ milliseconds: 100 }))
          .aggregate({ n: agg.count() }, (name, window, { n }) => `${name} ${window.start}: ${n}`)
          .uid("windows")
          .sinkTo(rows.sink)
          .uid("rows");
      },
      { parallelism, bufferTimeout: { milliseconds: 0 } },
      { clock },
    );
    const look = async (): Promise<readonly string[]> => {
      await settle();
      return rows.values.toSorted();
    };
    quiet.push({ at: 10, name: "quiet" });
    busy.push({ at: 20, name: "busy" });
    await settle();
    busy.push({ at: 250, name: "busy" });
    expect(await look()).toEqual([]);
    // Idle needs strictly more than the timeout after the check that found no record.
    for (const time of [30_000, 60_000, 60_001, 90_001, 120_002]) {
      clock.set(START + time);
      busy.push({ at: 260, name: "busy" });
      quiet.wake();
      await settle();
    }
    const first = ["busy 0: 1", "quiet 0: 1"];
    expect(await look()).toEqual(first);
    // The quiet source is back, behind the watermark: its record is late and holds nothing back.
    quiet.push({ at: 50, name: "quiet" });
    busy.push({ at: 350, name: "busy" });
    expect(await look()).toEqual(["busy 0: 1", "busy 200: 6", "quiet 0: 1"]);
    quiet.push({ at: 360, name: "quiet" });
    await settle();
    busy.end();
    quiet.end();
    await handle.result;
    const last = ["busy 0: 1", "busy 200: 6", "busy 300: 1", "quiet 0: 1", "quiet 300: 1"];
    expect(rows.values.toSorted()).toEqual(last);
  });

  test("assigned in the middle of the job drives what is behind it", async () => {
    const rows = collectSink<string>();
    await runToEnd(
      (env) => {
        env
          .fromSequence(0, 99)
          .map((n) => ({ at: n * 10, name: n % 2 === 0 ? "even" : "odd" }))
          .assignTimestampsAndWatermarks(
            WatermarkStrategy.forMonotonousTimestamps<Tick>({ timestamp: (tick) => tick.at }),
          )
          .keyBy((tick) => tick.name)
          .window(TumblingEventTimeWindows.of({ milliseconds: 500 }))
          .aggregate({ n: agg.count() }, (name, window, { n }) => `${name} ${window.start}: ${n}`)
          .uid("windows")
          .sinkTo(rows.sink)
          .uid("rows");
      },
      { parallelism: 2 },
    );
    expect(rows.values.toSorted()).toEqual([
      "even 0: 25",
      "even 500: 25",
      "odd 0: 25",
      "odd 500: 25",
    ]);
  });
});
