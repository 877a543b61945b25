import { describe, expect, test } from "vitest";
import { unbounded } from "../../core/ports/index.ts";
import { PROBE_QUEUE, type ProbeFunction, entry, probeWorld, sendTo, textOf } from "./probe.ts";

const DAY = 86_400_000;
const fine: ProbeFunction = async () => [];

describe("an event source mapping", () => {
  test("deletes what the answer does not list, and delivers the rest again (E2)", async () => {
    let first = true;
    const { world, log } = probeWorld(async ({ messages }) => {
      if (!first) return [];
      first = false;
      return messages.slice(1).map(({ messageId }) => messageId);
    });
    await sendTo(world, "a1", "a2", "a3");
    await world.run(DAY);
    expect(log.delivered).toEqual(["a1 a2 a3", "a2 a3"]);
    expect(log.deleted).toEqual(["a1", "a2", "a3"]);
  });

  test("delivers all again after the visibility timeout when the function throws", async () => {
    const at: number[] = [];
    const { world, log } = probeWorld(async () => {
      at.push(world.now);
      if (at.length === 1) throw new Error("first");
      return [];
    });
    await sendTo(world, "a1", "a2");
    await world.run(DAY);
    expect(log.delivered).toEqual(["a1 a2", "a1 a2"]);
    expect(at[1]! - at[0]!).toBeGreaterThan(29_900);
    expect(at[1]! - at[0]!).toBeLessThan(31_000);
  });

  test("refuses an answer that fails a message but none behind it (E3)", async () => {
    const { world } = probeWorld(async ({ messages }) => [messages[0]!.messageId]);
    await sendTo(world, "a1", "a2");
    await expect(world.run(DAY)).rejects.toThrow("E3: queue probe: answer lists a message");
  });

  test("refuses an answer about messages that it did not deliver (E3)", async () => {
    const { world } = probeWorld(async () => ["m99"]);
    await sendTo(world, "a1");
    await expect(world.run(DAY)).rejects.toThrow("answer lists m99, not in the batch");
  });

  test("makes no event while nothing can happen (E1)", async () => {
    const { world } = probeWorld(fine);
    await sendTo(world, "a1");
    await world.run(DAY);
    const { events } = world;
    await world.idle(DAY);
    expect(world.events - events).toBe(1);
  });

  test("delivers nothing while it is off", async () => {
    const { world, log } = probeWorld(fine);
    world.mapping(PROBE_QUEUE).enabled = false;
    await sendTo(world, "a1");
    await world.run(DAY);
    expect(log.delivered).toEqual([]);
    world.mapping(PROBE_QUEUE).enabled = true;
    await world.run(DAY);
    expect(log.delivered).toEqual(["a1"]);
  });

  test("gives every group an invocation of its own", async () => {
    const { world, log } = probeWorld(fine);
    await sendTo(world, "a1", "b1", "a2");
    await world.run(DAY);
    expect(log.delivered.toSorted()).toEqual(["a1 a2", "b1"]);
  });
});

describe("faults of delivery", () => {
  const batches = async (only: string, ...texts: readonly string[]): Promise<readonly string[]> => {
    const { world, log } = probeWorld(fine, { only: [only] });
    await sendTo(world, ...texts);
    await world.run(DAY);
    expect(world.injector.struck).toEqual([only]);
    return log.delivered;
  };

  test("mixed-batch: one invocation gets several groups", async () => {
    const [batch = ""] = await batches("mixed-batch@poll:probe#1", "a1", "b1", "c1");
    expect(batch.split(" ").toSorted()).toEqual(["a1", "b1", "c1"]);
  });

  test("small-batch: a poll takes fewer", async () => {
    const texts = ["a1", "a2", "a3", "a4", "a5", "a6", "a7"];
    const got = await batches("small-batch@poll:probe#1", ...texts);
    expect(got.length).toBeGreaterThan(1);
    expect(got.join(" ")).toBe(texts.join(" "));
  });

  test.each(["late-poll@poll:probe#1", "late-start@dispatch:probe#1"])(
    "%s: delivered later",
    async (only) => {
      let at = 0;
      const { world } = probeWorld(
        async () => {
          at = world.now;
          return [];
        },
        { only: [only] },
      );
      const from = world.now;
      await sendTo(world, "a1");
      await world.runUntil(() => at > 0, DAY);
      expect(at - from).toBeGreaterThan(130);
    },
  );

  test.each([
    ["result-lost@result:probe#1", ["a1 a2 a3", "a1 a2 a3"]],
    ["delete-lost@queue.delete:probe#1", ["a1 a2 a3"]],
  ])("%s: %o are delivered", async (only, expected) => {
    const { world, log } = probeWorld(fine, { only: [only] });
    await sendTo(world, "a1", "a2", "a3");
    await world.run(DAY);
    expect(log.delivered).toEqual(expected);
  });

  test("result-partial: a prefix or a suffix comes again", async () => {
    const [first, again] = await batches("result-partial@result:probe#1", "a1", "a2", "a3");
    expect(first).toBe("a1 a2 a3");
    expect(["a1", "a1 a2", "a1 a2 a3", "a2 a3", "a3"]).toContain(again);
  });

  test("ghost: a deleted message comes once more", async () => {
    expect(await batches("ghost@gone:probe#2", "a1", "a2")).toEqual(["a1 a2", "a2"]);
  });

  test("vanish: a message is never delivered", async () => {
    expect(await batches("vanish@message:probe#2", "a1", "a2", "a3")).toEqual(["a1 a3"]);
  });

  test.each([
    { name: "a message of which it is allowed", lost: "a1 a2", fails: false, seen: ["a3"] },
    { name: "no other", lost: "a1", fails: false, seen: ["a2 a3"] },
    { name: "none that somebody had already", lost: "", fails: true, seen: ["a1 a2 a3"] },
  ])("lose: takes $name", async ({ lost, fails, seen }) => {
    const { world, log } = probeWorld(
      async ({ messages }) => (fails ? messages.map(({ messageId }) => messageId) : []),
      { only: [1, 2, 4, 5].map((occurrence) => `lose@message:probe#${occurrence}`) },
    );
    world.services.queues.isData = (_queue, body) =>
      lost === "" ? log.delivered.length > 0 : lost.includes(textOf([{ body }]));
    await sendTo(world, "a1", "a2", "a3");
    await world.run(DAY / 24);
    expect([...new Set(log.delivered)]).toEqual(seen);
  });

  test("expire: another holder gets the messages while the first goes on", async () => {
    const holders: string[] = [];
    const { world } = probeWorld(
      async ({ ports, messages, container }) => {
        holders.push(`${container} begins ${textOf(messages)}`);
        for (let n = 0; n < 2_000; n += 1) await ports.ledger.newest("p", unbounded);
        holders.push(`${container} ends`);
        return [];
      },
      { only: ["expire@result:probe#1"] },
    );
    await sendTo(world, "a1");
    await world.run(DAY);
    expect(holders).toEqual(["1 begins a1", "2 begins a1", "1 ends", "2 ends"]);
  });
});

describe("the queue of wake-ups", () => {
  async function wakeUps(...only: readonly string[]): Promise<readonly number[]> {
    const ms: number[] = [];
    const { world } = probeWorld(fine, {
      only,
      observers: [{ onWake: () => ms.push(world.now - from) }],
    });
    const from = world.now;
    const { delays } = world.client("c");
    void delays.send(entry("a1").body, 60_000, unbounded);
    await world.run(DAY);
    expect(world.events).toBeLessThan(30);
    return ms;
  }

  test("gives a message when its delay is over", async () => {
    const [ms = 0, ...more] = await wakeUps();
    expect(ms).toBeGreaterThan(60_000);
    expect(ms).toBeLessThan(60_100);
    expect(more).toEqual([]);
  });

  test("late, early and twice", async () => {
    expect((await wakeUps("wake-late@delay.send:wake-ups#1"))[0]).toBeGreaterThan(60_100);
    expect((await wakeUps("wake-early@delay.send:wake-ups#1"))[0]).toBeLessThan(60_000);
    expect(await wakeUps("wake-double@delay.send:wake-ups#1")).toHaveLength(2);
    expect(await wakeUps("result-lost@result:wake-ups#1")).toHaveLength(2);
  });
});
