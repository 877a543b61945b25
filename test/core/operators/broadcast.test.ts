import { describe, expect, test } from "vitest";
import type { Collector, KeyedContext } from "../../../core/operators/index.ts";
import { type BroadcastState, mapState, valueState } from "../../../core/state/index.ts";
import { type OperatorHarness, opened } from "./harness.ts";

interface Limit {
  readonly user: string;
  readonly max: number;
}

interface Click {
  readonly user: string;
  readonly n: number;
}

const LIMITS = mapState<string, number>("limits");

function keyed(): Promise<OperatorHarness> {
  return opened((env) =>
    env
      .fromCollection<Click>([])
      .keyBy(({ user }) => user)
      .connect(env.fromCollection<Limit>([]).broadcast(LIMITS))
      .process({
        state: { total: valueState<number>("total") },
        processElement({ user, n }, ctx, out: Collector<string>) {
          const total = (ctx.state.total.value() ?? 0) + n;
          ctx.state.total.update(total);
          const max = ctx.getBroadcastState(LIMITS).get(user) ?? Infinity;
          if (total > max) ctx.timers.registerEventTimeTimer(100);
          out.collect(`${user} ${total} of ${max}`);
        },
        processBroadcastElement({ user, max }, ctx, out) {
          ctx.getBroadcastState(LIMITS).put(user, max);
          out.collect(`limit ${user} ${max} at ${ctx.timers.currentWatermark()}`);
        },
        onTimer(_timestamp, ctx, out) {
          const limits = [...ctx.getBroadcastState(LIMITS).entries()].join(" ");
          out.collect(`${ctx.getCurrentKey()} is over: ${limits}`);
        },
      }),
  );
}

describe("a keyed stream beside a broadcast stream", () => {
  test("reads what the broadcast side writes, in processElement and onTimer", async () => {
    const harness = await keyed();
    harness.send({ user: "a", n: 1 });
    harness.watermark(7);
    harness.send2({ user: "a", max: 2 }, 8);
    harness.send({ user: "a", n: 2 }, 9);
    harness.send({ user: "b", n: 2 }, 9);
    harness.watermark(100);
    expect(harness.events()).toEqual([
      "a 1 of Infinity",
      "watermark 7",
      "limit a 2 at 7@8",
      "a 3 of 2@9",
      "b 2 of Infinity@9",
      "a is over: a,2@100",
      "watermark 100",
    ]);
  });

  const abuse = (
    processElement: (ctx: never) => void,
    processBroadcastElement: (ctx: never) => void,
  ): Promise<OperatorHarness> =>
    opened((env) =>
      env
        .fromCollection<Click>([])
        .keyBy(({ user }) => user)
        .connect(env.fromCollection<Limit>([]).broadcast(LIMITS))
        .process({
          processElement: (_click, ctx) => processElement(ctx as never),
          processBroadcastElement: (_limit, ctx) => processBroadcastElement(ctx as never),
        }),
    );

  test("cannot register timers on the broadcast side", async () => {
    const harness = await abuse(
      () => {},
      (ctx: KeyedContext<string>) => ctx.timers.registerEventTimeTimer(1),
    );
    expect(() => harness.send2({ user: "a", max: 1 })).toThrow(
      expect.objectContaining({ code: "JOB_NO_TIMERS" }),
    );
  });

  test("cannot write broadcast state on the keyed side, even without types", async () => {
    const harness = await abuse(
      (ctx: { getBroadcastState(of: unknown): BroadcastState<string, number> }) =>
        ctx.getBroadcastState(LIMITS).put("a", 1),
      () => {},
    );
    expect(() => harness.send({ user: "a", n: 1 })).toThrow(TypeError);
  });

  test("names the broadcast states when asked for another", async () => {
    const harness = await abuse(
      (ctx: { getBroadcastState(of: unknown): unknown }) =>
        ctx.getBroadcastState(mapState("other")),
      () => {},
    );
    expect(() => harness.send({ user: "a", n: 1 })).toThrow(
      expect.objectContaining({
        code: "JOB_BROADCAST_STATE",
        hint: "pass its descriptor to broadcast(...); there are limits",
      }),
    );
  });

  test("has no current key while a broadcast element is at work", async () => {
    const harness = await keyed();
    harness.send({ user: "a", n: 1 });
    harness.send2({ user: "a", max: 2 });
    expect(() => harness.state.currentKey()).toThrow();
  });
});

describe("a stream without key beside a broadcast stream", () => {
  test("reads what the broadcast side writes", async () => {
    const harness = await opened((env) =>
      env
        .fromCollection<Click>([])
        .connect(env.fromCollection<Limit>([]).broadcast(LIMITS))
        .process({
          processElement(click, ctx, out: Collector<string>) {
            if (ctx.getBroadcastState(LIMITS).contains(click.user)) out.collect(click.user);
          },
          processBroadcastElement({ user, max }, ctx) {
            const limits = ctx.getBroadcastState(LIMITS);
            if (max < 0) limits.remove(user);
            else limits.put(user, max);
          },
        }),
    );
    harness.send({ user: "a", n: 1 }, 1);
    harness.send2({ user: "a", max: 1 }, 2);
    harness.send({ user: "a", n: 1 }, 3);
    harness.send2({ user: "a", max: -1 }, 4);
    harness.send({ user: "a", n: 1 }, 5);
    expect(harness.events()).toEqual(["a@3"]);
    expect(harness.operatorState.snapshot().broadcasts).toEqual({ limits: [] });
  });
});
