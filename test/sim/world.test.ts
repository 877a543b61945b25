import { describe, expect, test } from "vitest";
import { COUNTER_QUEUE, counterScenario, counterWorld, sumOf, sums } from "./counter.ts";
import { type FaultPlan, drawFaultPlan } from "./fault-plan.ts";
import { probeWorld, sendTo } from "./probe.ts";
import { Stream } from "./random.ts";
import { replayCommand } from "./report.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RUNS = Number(process.env["SIM_RUNS"] ?? 60);

const seeds = Array.from({ length: RUNS }, (_, seed) => seed);
const few = Array.from({ length: 20 }, (_, seed) => seed);
const planOf = (seed: number): FaultPlan => drawFaultPlan(Stream.of(seed).fork("plan"));

describe("a world without faults", () => {
  test("delivers every message once", async () => {
    const world = counterWorld({ seed: 1 }, { groups: 3, count: 50 });
    await world.drain(DAY);
    expect(sums(world)).toEqual([sumOf(50), sumOf(50), sumOf(50)]);
    expect(world.services.queues.memory.backlog(COUNTER_QUEUE)).toBe(0);
    await world.idle(DAY);
  });
});

describe("a world with faults", () => {
  test("goes the same way twice (W1)", async () => {
    const hash = async (seed: number): Promise<readonly number[]> => {
      const trial = { seed, plan: planOf(seed), size: 30 };
      const outcome = await counterScenario("none").run(trial);
      return [outcome.hash, outcome.calls, outcome.events];
    };
    for (const seed of few) {
      expect(await hash(seed), `seed ${seed}`).toEqual(await hash(seed));
    }
    expect((await hash(5))[0]).not.toBe((await hash(6))[0]);
  });

  test("goes the same way when what struck is listed (F2)", async () => {
    const scenario = counterScenario("none");
    for (const seed of few) {
      const first = await scenario.run({ seed, plan: planOf(seed), size: 30 });
      const plan: FaultPlan = { rates: {}, only: first.struck };
      const second = await scenario.run({ seed, plan, size: 30 });
      expect(second.struck, `seed ${seed}`).toEqual(first.struck);
      expect(second.hash, `seed ${seed}`).toBe(first.hash);
    }
  });

  test("finds nothing wrong with a right counter", async () => {
    for (const seed of seeds) {
      const trial = { seed, plan: planOf(seed), size: 40 };
      const { failure } = await counterScenario("none").run(trial);
      expect(failure, replayCommand("counter", trial)).toBeNull();
    }
  });

  test.each(["counts-duplicates", "keeps-dirty-copy"] as const)(
    "finds that a counter %s",
    async (defect) => {
      const messages: string[] = [];
      for (const seed of few) {
        const { failure } = await counterScenario(defect).run({
          seed,
          plan: planOf(seed),
          size: 40,
        });
        if (failure !== null) messages.push(failure.message);
      }
      expect(messages.length).toBeGreaterThan(5);
      expect(messages.join()).toContain("I-ONCE");
    },
  );

  test("finds that a counter acks-on-conflict, when two holders disagree", async () => {
    const plan: FaultPlan = { rates: { expire: 0.3, "small-batch": 0.8, slow: 0.2 } };
    let found = 0;
    for (const seed of few) {
      const { failure } = await counterScenario("acks-on-conflict").run({ seed, plan, size: 40 });
      if (failure !== null) found += 1;
    }
    expect(found).toBeGreaterThan(0);
  });
});

describe("the end of a run", () => {
  test("is an error when events go on for ever", async () => {
    const { world } = probeWorld(() => Promise.reject(new Error("always")));
    await sendTo(world, "a1");
    await expect(world.drain(DAY)).rejects.toThrow(/drain: after 86400000 ms [12] events are left/);
  });

  test("is an error when somebody acts on an idle day", async () => {
    const { world } = probeWorld(async () => []);
    world.after(HOUR, () => void world.client("late").ledger.newest("p", forever));
    await expect(world.idle(DAY)).rejects.toThrow("idle: 0 invocations and 1 calls");
  });

  test.each([
    ["nothing is left to happen", DAY],
    ["1 ms have passed", 1],
  ])("is an error when a condition never holds: %s", async (why, limit) => {
    const { world } = probeWorld(async () => []);
    world.after(5, () => undefined);
    await expect(world.runUntil(() => false, limit)).rejects.toThrow(`runUntil: ${why}`);
  });

  test("is an error of a checker, at once", async () => {
    const { world } = probeWorld(async () => [], {
      observers: [
        {
          onSend: () => {
            throw new Error("I-NEVER: sent");
          },
        },
      ],
    });
    await expect(sendTo(world, "a1")).rejects.toThrow("I-NEVER");
  });
});

const forever = { deadlineMs: Number.MAX_SAFE_INTEGER, isLive: () => true };
