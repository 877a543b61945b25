import { describe, expect, test } from "vitest";
import type {
  Collector,
  KeyedContext,
  KeyedProcessFunction,
  RuntimeContext,
} from "../../../core/operators/index.ts";
import { OutputTag } from "../../../core/operators/index.ts";
import {
  type ValueState,
  listState,
  reducingState,
  valueState,
} from "../../../core/state/index.ts";
import { OperatorHarness, newestOperator, opened } from "./harness.ts";

interface Click {
  readonly user: string;
  readonly n: number;
}

const click = (user: string, n: number): Click => ({ user, n });
const small = new OutputTag<number>("small");

describe("a process function without key", () => {
  test("sees timestamps, the watermark and the clock, and emits into side outputs", async () => {
    const harness = await opened((env) =>
      env.fromSequence(1, 9).process({
        processElement(n, ctx, out: Collector<unknown>) {
          if (n < 5) ctx.output(small, n);
          else {
            const { timers } = ctx;
            out.collect([
              ctx.timestamp(),
              timers.currentWatermark(),
              timers.currentProcessingTime(),
            ]);
          }
        },
      }),
    );
    harness.now = 100;
    harness.send(1, 11);
    harness.watermark(40);
    harness.send(6, 50);
    harness.send(7);
    expect(harness.events()).toEqual([
      "small:1@11",
      "watermark 40",
      "[50,40,100]@50",
      "[null,40,100]",
    ]);
  });

  test("has no timers: the error says so", async () => {
    const harness = await opened((env) =>
      env.fromSequence(1, 9).process({
        processElement(_n, ctx) {
          (ctx.timers as KeyedContext<number>["timers"]).registerEventTimeTimer(1);
        },
      }),
    );
    expect(() => harness.send(1)).toThrow(expect.objectContaining({ code: "JOB_NO_TIMERS" }));
  });

  test("is opened with the runtime context and closed", async () => {
    const seen: string[] = [];
    const harness = await opened((env) =>
      env.fromSequence(1, 9).process({
        async open(runtime) {
          await Promise.resolve();
          seen.push(`open ${runtime.job} ${runtime.subtask}/${runtime.parallelism}`);
          runtime.accumulators.add("opened", 2);
        },
        processElement() {},
        close() {
          seen.push("close");
        },
      }),
    );
    await harness.operator.close();
    expect(seen).toEqual(["open job 0/2", "close"]);
    expect(harness.accumulators.get("opened")).toBe(2);
  });
});

describe("a process function behind keyBy", () => {
  test("has declared state of the current key only", async () => {
    const harness = await opened((env) =>
      env
        .fromCollection<Click>([])
        .keyBy(({ user }) => user)
        .process({
          state: {
            total: reducingState<number>("total", (a, b) => a + b),
            seen: listState<number>("seen"),
          },
          processElement({ n }, ctx, out: Collector<unknown>) {
            ctx.state.total.add(n);
            ctx.state.seen.add(n);
            out.collect([ctx.getCurrentKey(), ctx.state.total.get(), ctx.state.seen.get()]);
          },
        }),
    );
    harness.send(click("a", 1));
    harness.send(click("b", 2));
    harness.send(click("a", 3));
    expect(harness.events()).toEqual(['["a",1,[1]]', '["b",2,[2]]', '["a",4,[1,3]]']);
  });

  const timed = (): Promise<OperatorHarness> =>
    opened((env) =>
      env
        .fromCollection<Click>([])
        .keyBy(({ user }) => user)
        .process({
          processElement({ n }, ctx) {
            if (n > 0) ctx.timers.registerEventTimeTimer(n);
            else ctx.timers.registerProcessingTimeTimer(-n);
          },
          onTimer(timestamp, ctx, out: Collector<unknown>) {
            out.collect([ctx.getCurrentKey(), timestamp, ctx.timestamp(), ctx.timeDomain()]);
            ctx.output(small, timestamp);
          },
        }),
    );

  test("gets its timers under their own key, in time order, before the watermark goes on", async () => {
    const harness = await timed();
    harness.send(click("a", 30), 5);
    harness.send(click("b", 20), 5);
    harness.send(click("b", 20), 5);
    harness.watermark(29);
    harness.watermark(30);
    expect(harness.events()).toEqual([
      '["b",20,20,"event"]@20',
      "small:20@20",
      "watermark 29",
      '["a",30,30,"event"]@30',
      "small:30@30",
      "watermark 30",
    ]);
  });

  test("emits from processing-time timers without a timestamp", async () => {
    const harness = await timed();
    harness.send(click("a", -30), 5);
    harness.clock(30);
    expect(harness.events()).toEqual(['["a",30,30,"processing"]', "small:30"]);
  });

  test("sees the record's timestamp again after a timer", async () => {
    const harness = await opened((env) =>
      env
        .fromSequence(1, 9)
        .keyBy(() => "all")
        .process({
          processElement(n, ctx, out: Collector<unknown>) {
            ctx.timers.registerEventTimeTimer(n);
            out.collect(ctx.timestamp());
          },
          onTimer() {},
        }),
    );
    harness.send(1, 10);
    harness.watermark(5);
    harness.send(2);
    harness.send(3, 30);
    expect(harness.events()).toEqual(["10@10", "watermark 5", "null", "30@30"]);
  });

  test("may delete timers, also ones that do not exist", async () => {
    const harness = await opened((env) =>
      env
        .fromSequence(1, 9)
        .keyBy(() => "all")
        .process({
          processElement(n, ctx) {
            ctx.timers.registerEventTimeTimer(n);
            ctx.timers.deleteEventTimeTimer(2);
            ctx.timers.deleteProcessingTimeTimer(2);
          },
          onTimer(timestamp, _ctx, out: Collector<number>) {
            out.collect(timestamp);
          },
        }),
    );
    harness.send(1);
    harness.send(2);
    harness.watermark(9);
    expect(harness.events()).toEqual(["1@1", "watermark 9"]);
  });
});

const COUNT = valueState<number>("count");

class Counter implements KeyedProcessFunction<string, Click, string> {
  static made = 0;
  count!: ValueState<number>;
  runtime!: RuntimeContext;

  constructor() {
    Counter.made += 1;
  }

  open(runtime: RuntimeContext): void {
    this.runtime = runtime;
    this.count = runtime.getState(COUNT);
  }

  processElement({ user, n }: Click, _ctx: unknown, out: Collector<string>): void {
    if (n < 0) this.runtime.getState(valueState<number>("late"));
    const count = (this.count.value() ?? 0) + 1;
    this.count.update(count);
    out.collect(`${user} ${count}`);
  }
}

describe("a process function given as a class", () => {
  const implementation = newestOperator((env) =>
    env
      .fromCollection<Click>([])
      .keyBy(({ user }) => user)
      .process(Counter),
  );
  const counting = (subtask = 0): OperatorHarness => new OperatorHarness(implementation, subtask);

  test("is made once per subtask and gets its state in open", async () => {
    Counter.made = 0;
    const first = await counting(0).open();
    const second = await counting(1).open();
    first.send(click("a", 1));
    first.send(click("a", 1));
    first.send(click("b", 1));
    second.send(click("a", 1));
    expect(first.events()).toEqual(["a 1", "a 2", "b 1"]);
    expect(second.events()).toEqual(["a 1"]);
    expect(Counter.made).toBe(2);
  });

  test("gets no state outside open", async () => {
    const harness = await counting().open();
    expect(() => harness.send(click("a", -1))).toThrow(
      expect.objectContaining({ code: "JOB_STATE_OUTSIDE_OPEN" }),
    );
  });

  test("finds its restored state in open", async () => {
    const before = await counting().open();
    before.send(click("a", 1));
    const after = counting();
    after.state.restore([before.state.snapshotFull()]);
    await after.open();
    after.send(click("a", 1));
    expect(after.events()).toEqual(["a 2"]);
  });

  test("gets no state without key", async () => {
    const harness = new OperatorHarness((env) => env.fromCollection<Click>([]).process(Counter));
    await expect(harness.open()).rejects.toMatchObject({ code: "JOB_STATE_WITHOUT_KEY" });
  });

  test("tells the plan of the state that stands in its static field", () => {
    class Declared extends Counter {
      static readonly states = { count: COUNT };
    }
    const harness = new OperatorHarness((env) =>
      env
        .fromCollection<Click>([])
        .keyBy(({ user }) => user)
        .process(Declared),
    );
    expect(harness.states).toEqual([COUNT]);
  });
});

describe("connected keyed streams", () => {
  test("share state and timers of a key", async () => {
    const harness = await opened((env) =>
      env
        .fromCollection<Click>([])
        .keyBy(({ user }) => user)
        .connect(env.fromCollection<string>([]).keyBy((user) => user))
        .process({
          state: { n: valueState<number>("n") },
          processElement1({ n }, ctx) {
            ctx.state.n.update(n);
            ctx.timers.registerEventTimeTimer(n);
          },
          processElement2(user, ctx, out: Collector<string>) {
            out.collect(`${user} ${ctx.state.n.value()}`);
          },
          onTimer(_timestamp, ctx, out) {
            out.collect(`${ctx.getCurrentKey()} is over`);
            ctx.state.n.clear();
          },
        }),
    );
    harness.send(click("a", 10));
    harness.send2("a", 3);
    harness.send2("b", 4);
    harness.watermark(10);
    harness.send2("a", 11);
    expect(harness.events()).toEqual([
      "a 10@3",
      "b null@4",
      "a is over@10",
      "watermark 10",
      "a null@11",
    ]);
  });

  test("without key run a co-process function", async () => {
    const harness = await opened((env) =>
      env
        .fromSequence(1, 2)
        .connect(env.fromCollection<string>([]))
        .process({
          processElement1(n, ctx, out: Collector<string>) {
            out.collect(`${n} ${ctx.timers.currentWatermark()}`);
          },
          processElement2(s, ctx, out) {
            out.collect(`${s} ${ctx.timestamp()}`);
          },
        }),
    );
    harness.watermark(3);
    harness.send(1, 4);
    harness.send2("a", 5);
    expect(harness.events()).toEqual(["watermark 3", "1 3@4", "a 5@5"]);
  });
});
