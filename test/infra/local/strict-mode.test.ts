import { describe, expect, test } from "vitest";
import {
  type Collector,
  type KeyedContext,
  collectSink,
  listState,
  mapState,
  valueState,
} from "../../../index.ts";
import { type Build, listSink, numbers, runToEnd, startJob } from "./harness.ts";

interface Box {
  n: number;
}

const state = {
  value: valueState<Box>("value"),
  list: listState<Box>("list"),
  map: mapState<string, Box>("map"),
};

/** Runs `touch` for a key whose state was filled by the record before. */
function touching(touch: (ctx: KeyedContext<number, typeof state>) => void): Build {
  return (env) => {
    env
      .fromSequence(0, 1)
      .keyBy(() => 0)
      .process({
        state,
        processElement(n, ctx, out: Collector<number>) {
          if (n === 0) {
            ctx.state.value.update({ n });
            ctx.state.list.add({ n });
            ctx.state.map.put("box", { n });
          } else {
            touch(ctx);
          }
          out.collect(n);
        },
      })
      .uid("boxes")
      .sinkTo(listSink<number>().sink)
      .uid("rows");
  };
}

const mutations = [
  {
    name: "a value",
    touch: (ctx: KeyedContext<number, typeof state>) =>
      void ((ctx.state.value.value() as Box).n = 1),
  },
  {
    name: "an element of a list",
    touch: (ctx: KeyedContext<number, typeof state>) => {
      for (const box of ctx.state.list.get()) box.n = 1;
    },
  },
  {
    name: "an entry of a map",
    touch: (ctx: KeyedContext<number, typeof state>) =>
      void ((ctx.state.map.get("box") as Box).n = 1),
  },
];

describe("strict mode", () => {
  test.each(mutations)("refuses to change $name of state in place", async ({ touch }) => {
    await expect(runToEnd(touching(touch))).rejects.toMatchObject({
      code: "JOB_USER_CODE",
      message: expect.stringMatching(/^TypeError: Cannot assign to read only property 'n'/),
      where: { job: "job", subtask: 0 },
    });
    await expect(runToEnd(touching(touch), { strict: false })).resolves.toMatchObject({
      state: "finished",
    });
  });

  test("refuses to change a record that came over an edge", async () => {
    const job: Build = (env) => {
      env
        .fromSequence(0, 1)
        .map((n): Box => ({ n }))
        .rebalance()
        .map((box) => {
          box.n += 1;
          return box;
        })
        .sinkTo(listSink<Box>().sink)
        .uid("rows");
    };
    await expect(runToEnd(job)).rejects.toMatchObject({
      message: expect.stringMatching(/^TypeError: Cannot assign to read only property 'n'/),
    });
    await expect(runToEnd(job, { strict: false })).resolves.toMatchObject({ state: "finished" });
  });

  class Money {
    readonly cents = 100;
  }

  test.each([
    { name: "an instance of a class", make: (): unknown => new Money(), says: "Money" },
    { name: "a function", make: (): unknown => () => 1, says: "function" },
    {
      name: "an instance deep inside",
      make: (): unknown => ({ a: [{ b: new Money() }] }),
      says: "Money",
    },
  ])("refuses $name on an edge by name", async ({ make, says }) => {
    const job: Build = (env) => {
      env
        .fromSequence(0, 1)
        .map(() => make())
        .rebalance()
        .sinkTo(listSink<unknown>().sink)
        .uid("rows");
    };
    await expect(runToEnd(job)).rejects.toMatchObject({
      name: "DataError",
      message: expect.stringContaining(says),
      where: { job: "job", operator: expect.any(String) },
    });
    await expect(runToEnd(job, { strict: false })).resolves.toMatchObject({ state: "finished" });
  });

  test("refuses an instance of a class in state by name", async () => {
    const failing = runToEnd(
      touching((ctx) => ctx.state.value.update(new Money() as unknown as Box)),
    );
    await expect(failing).rejects.toMatchObject({
      message: expect.stringContaining("Money"),
      where: { job: "job" },
    });
  });

  test("gives every subtask and sink values of its own", async () => {
    const [first, second] = [collectSink<Box>(), collectSink<Box>()];
    await runToEnd(
      (env) => {
        const boxes = env.fromCollection(numbers(10).map((n): Box => ({ n })));
        boxes.rebalance().sinkTo(first.sink).uid("first");
        boxes.rebalance().sinkTo(second.sink).uid("second");
      },
      { parallelism: 2 },
    );
    const shared = first.values.filter((box) => second.values.includes(box));
    expect(shared).toEqual([]);
    expect(first.values).toHaveLength(10);
  });
});

test("a state that is no value of the codec fails the checkpoint without strict mode, and names the state", async () => {
  const handle = await startJob(
    touching((ctx) => ctx.state.value.update(new Set([() => 1]) as unknown as Box)),
    { strict: false },
  );
  await expect(handle.result).rejects.toMatchObject({
    message: expect.stringMatching(/function/),
    where: { job: "job" },
  });
});
