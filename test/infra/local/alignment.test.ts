import { expect, test } from "vitest";
import {
  type Collector,
  type DataStream,
  WatermarkStrategy,
  collectSink,
  listState,
} from "../../../index.ts";
import {
  type Build,
  Gate,
  ManualSource,
  eventually,
  listSink,
  numbers,
  settle,
  sorted,
  startJob,
  temporaryFolder,
} from "./harness.ts";

/** Two streams that meet in one operator; each passes a task that its gate can hold up. */
class Meeting {
  readonly sources = [new ManualSource<number>(), new ManualSource<number>()] as const;
  readonly gates: readonly [Gate, Gate];
  readonly taken = [0, 0];
  readonly met = listSink<number>();
  readonly rows = collectSink<readonly number[]>();

  constructor(open: readonly [boolean, boolean]) {
    this.gates = [new Gate(), new Gate()];
    this.gates.forEach((gate, side) => void (open[side] === true && gate.open()));
  }

  readonly build: Build = (env) => {
    const [first, second] = [0, 1].map((side) => {
      const source = this.sources[side] as ManualSource<number>;
      const stream = env
        .fromSource(source, WatermarkStrategy.noWatermarks(), `source-${side}`)
        .rebalance()
        .map((n) => n);
      this.#holdUp(stream, side);
      return stream.keyBy(() => 0);
    });
    const sinkOf = first?.connect(second as NonNullable<typeof second>).process({
      state: { seen: listState<number>("seen") },
      processElement1: (n, ctx, out: Collector<readonly number[]>) => this.#meet(n, ctx, out),
      processElement2: (n, ctx, out) => this.#meet(n, ctx, out),
      onTimer: (_timestamp, ctx, out) => out.collect([...ctx.state.seen.get()]),
    });
    sinkOf?.uid("meet").sinkTo(this.rows.sink).uid("rows");
  };

  #meet(
    n: number,
    ctx: {
      readonly state: { readonly seen: { add(n: number): void } };
      readonly timers: { registerEventTimeTimer(timestamp: number): void };
    },
    _out: Collector<readonly number[]>,
  ): void {
    ctx.state.seen.add(n);
    ctx.timers.registerEventTimeTimer(0);
    (this.met.values as number[]).push(n);
  }

  /** After its first ten records the task waits for its gate. */
  #holdUp(stream: DataStream<number>, side: number): void {
    stream
      .sinkTo({
        describe: "gate",
        guarantee: "none",
        createWriter: () => ({
          write: () => void ((this.taken[side] as number) += 1),
          backlog: () =>
            (this.taken[side] as number) >= 10 ? (this.gates[side]?.opened ?? null) : null,
        }),
      })
      .uid(`gate-${side}`);
  }
}

test.each([
  { held: 0, parallelism: 1 },
  { held: 1, parallelism: 1 },
  { held: 0, parallelism: 3 },
  { held: 1, parallelism: 3 },
])(
  "a savepoint has of both inputs what came before its barrier, however late one is (input $held, parallelism $parallelism)",
  async ({ held, parallelism }) => {
    const meeting = new Meeting([held !== 0, held !== 1]);
    const settings = { parallelism, bufferTimeout: { milliseconds: 0 } };
    const run = { checkpointDir: temporaryFolder() };
    const handle = await startJob(meeting.build, settings, run);
    const [slow, quick] = [meeting.sources[held], meeting.sources[1 - held]];
    slow?.push(...numbers(10));
    quick?.push(...numbers(10, 100));
    await eventually(() => meeting.met.values.length === 20);
    slow?.push(...numbers(30, 10));
    await settle();
    let done = false;
    const savepoint = handle.savepoint().finally(() => (done = true));
    await settle();
    quick?.push(...numbers(30, 110));
    await settle();
    expect(done).toBe(false);
    meeting.gates[held]?.open();
    const from = await savepoint;
    handle.cancel();
    await handle.result;

    const restored = new Meeting([true, true]);
    restored.sources[held]?.push(...numbers(40));
    restored.sources[1 - held]?.push(...numbers(40, 100));
    for (const source of restored.sources) source.end();
    await (
      await startJob(restored.build, settings, { from })
    ).result;
    expect(restored.rows.values).toHaveLength(1);
    expect(sorted(restored.rows.values[0] ?? [])).toEqual([...numbers(40), ...numbers(40, 100)]);
    // What was met before the savepoint is in its state, and is met once.
    expect(sorted(restored.met.values)).toEqual(numbers(30, 110));
  },
);
