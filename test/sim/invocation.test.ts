import { describe, expect, test } from "vitest";
import { type CallScope, unbounded } from "../../core/ports/index.ts";
import { AssertionError } from "../../core/assert.ts";
import { PROBE_QUEUE, type Probe, probeWorld, sendTo, textOf } from "./probe.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const lasting = async ({ ports }: Probe): Promise<readonly string[]> => {
  for (let n = 0; n < 10; n += 1) await ports.ledger.newest("other", unbounded);
  return [];
};
const append = ({ ports, messages }: Probe, version: number): Promise<unknown> =>
  ports.ledger.append(textOf(messages), version, Uint8Array.of(version), unbounded);

describe("an invocation", () => {
  test("finds what an earlier one left in its container", async () => {
    const seen: number[] = [];
    const { world } = probeWorld(async ({ container }) => {
      seen.push(container);
      return [];
    });
    for (const text of ["a1", "b1", "a2"]) {
      await sendTo(world, text);
      await world.run(HOUR);
    }
    expect(seen).toEqual([1, 1, 1]);
  });

  test("shares a container with other queues of its function", async () => {
    const seen: string[] = [];
    const { world } = probeWorld(
      async ({ container, queue }) => {
        seen.push(`${queue} in ${container}`);
        return [];
      },
      { functionOf: () => "all" },
    );
    await sendTo(world, "a1");
    await world.run(HOUR);
    const { queues } = world.client("sender");
    const body = Uint8Array.of(1);
    void queues.send("other", [{ group: "g", deduplicationId: "1", body }], unbounded);
    await world.run(HOUR);
    expect(seen).toEqual([`${PROBE_QUEUE} in 1`, "other in 1"]);
  });

  test("runs beside others in containers of their own", async () => {
    const seen: number[] = [];
    const { world } = probeWorld(async (probe) => {
      seen.push(probe.container);
      await append(probe, 1);
      return [];
    });
    await sendTo(world, "a1", "b1", "c1");
    await world.run(HOUR);
    expect(seen).toEqual([1, 2, 3]);
  });

  test("has a deadline on its container's clock", async () => {
    const left: number[] = [];
    const { world } = probeWorld(
      async ({ ports, deadlineMs }) => {
        left.push(deadlineMs - ports.clock.now(), ports.clock.now() - world.now);
        return [];
      },
      { only: ["skew@container:probe#1"] },
    );
    await sendTo(world, "a1");
    await world.run(HOUR);
    const [toDeadline = 0, skew = 0] = left;
    expect(toDeadline).toBe(20_000);
    expect(Math.abs(skew)).toBeGreaterThan(9);
    expect(Math.abs(skew)).toBeLessThan(5_001);
  });

  test("that breaks an invariant ends the run", async () => {
    const { world } = probeWorld(() => Promise.reject(new AssertionError("X1: broken")));
    await sendTo(world, "a1");
    await expect(world.run(HOUR)).rejects.toThrow("X1: broken");
  });
});

describe("faults of invocations", () => {
  test.each([
    ["crash-before@ledger.append:a1#2", ["a1/1"], ["a1/2"]],
    ["crash-after@ledger.append:a1#2", ["a1/1", "a1/2"], []],
  ])("%s: code goes no further, messages come again", async (only, before, after) => {
    const begun: number[] = [];
    const { world, log } = probeWorld(
      async (probe) => {
        begun.push(probe.container);
        for (let version = 1; version <= 3; version += 1) await append(probe, version);
        return [];
      },
      { only: [only] },
    );
    await sendTo(world, "a1");
    await world.run(25_000);
    expect(log.appended).toEqual(before);
    await world.run(HOUR);
    expect(begun).toEqual([1, 2]);
    expect(log.appended).toEqual([...before, ...after, "a1/3"]);
  });

  test("stall: the invocation is over at its timeout, and its container dies", async () => {
    const log: string[] = [];
    const { world } = probeWorld(
      async (probe) => {
        log.push(`${probe.container} begins`);
        await append(probe, 1);
        log.push(`${probe.container} ends`);
        return [];
      },
      { only: ["stall@ledger.append:a1#1"], seed: 11 },
    );
    await sendTo(world, "a1");
    await world.run(DAY);
    expect(log).toEqual(["1 begins", "2 begins", "2 ends"]);
  });

  test("overrun: two holders at a time, the first with a receipt that is old", async () => {
    const holders: string[] = [];
    const { world, log } = probeWorld(
      async (probe) => {
        holders.push(`${probe.container} begins`);
        for (let version = 1; version <= 9; version += 1) await append(probe, version);
        holders.push(`${probe.container} ends`);
        return [];
      },
      { only: ["overrun@invoke:probe#1"] },
    );
    await sendTo(world, "a1");
    await world.run(HOUR);
    expect(holders).toEqual(["1 begins", "2 begins", "2 ends", "1 ends"]);
    expect(log.deleted).toEqual(["a1"]);
  });

  test("zombie: code goes on minutes or hours after its invocation timed out", async () => {
    const ends: number[] = [];
    const { world } = probeWorld(
      async (probe) => {
        for (let version = 1; version <= 9; version += 1) await append(probe, version);
        ends.push(probe.container);
        return [];
      },
      { only: ["zombie@invoke:probe#1"] },
    );
    const from = world.now;
    await sendTo(world, "a1");
    await world.runUntil(() => ends.length === 1, HOUR);
    expect(ends).toEqual([2]);
    expect(world.now - from).toBeLessThan(60_000);
    await world.runUntil(() => ends.length === 2, DAY);
    expect(ends).toEqual([2, 1]);
    expect(world.now - from).toBeGreaterThan(40_000);
  });

  test("zombie: also inside a later invocation of its container", async () => {
    const log: string[] = [];
    const { world } = probeWorld(
      async (probe) => {
        const name = `${probe.container} ${textOf(probe.messages)}`;
        log.push(`${name} begins`);
        for (let version = 1; version <= 9; version += 1) await append(probe, version);
        log.push(`${name} ends`);
        return [];
      },
      { only: ["zombie@invoke:probe#1"], seed: 3 },
    );
    for (const text of ["a1", "b1", "c1", "d1", "e1"]) {
      await sendTo(world, text);
      await world.run(31_000);
    }
    await world.run(DAY);
    const zombie = log.indexOf("1 a1 ends");
    expect(zombie).toBeGreaterThan(0);
    const before = log.slice(0, zombie).filter((line) => line.startsWith("1 "));
    expect(before[0]).toBe("1 a1 begins");
    expect(before.at(-1)).toMatch(/^1 \w1 begins$/);
    expect(before.length).toBeGreaterThan(1);
  });

  test("thaw: calls that were left behind are made in a later invocation", async () => {
    const { world, log } = probeWorld(
      async (probe) => {
        if (textOf(probe.messages) !== "a1") return lasting(probe);
        for (let version = 1; version <= 8; version += 1) void append(probe, version);
        return [];
      },
      { only: ["thaw@invoke:probe#1"] },
    );
    await sendTo(world, "a1");
    await world.run(600_000);
    const before = log.appended.length;
    expect(before).toBeLessThan(8);
    await sendTo(world, "b1");
    await world.run(1_000);
    expect(log.appended.filter((each) => each.startsWith("a1"))).toHaveLength(8);
  });

  test("thaw: not when the signature has expired", async () => {
    const { world, log } = probeWorld(
      async (probe) => {
        if (textOf(probe.messages) !== "a1") return lasting(probe);
        for (let version = 1; version <= 8; version += 1) append(probe, version).catch(() => null);
        return [];
      },
      { only: ["thaw@invoke:probe#1"] },
    );
    await sendTo(world, "a1");
    await world.run(HOUR);
    const before = log.appended.length;
    await sendTo(world, "b1");
    await world.run(1_000);
    expect(log.appended.filter((each) => each.startsWith("a1"))).toHaveLength(before);
  });

  test("a container is frozen between invocations (V2)", async () => {
    const log: string[] = [];
    const { world } = probeWorld(async (probe) => {
      const name = textOf(probe.messages);
      log.push(`${name} begins`);
      void append(probe, 1).then(() => log.push(`${name} goes on`));
      return name === "a1" ? [] : lasting(probe);
    });
    await sendTo(world, "a1");
    await world.run(HOUR);
    await sendTo(world, "b1");
    await world.run(HOUR);
    expect(log.slice(0, 2)).toEqual(["a1 begins", "b1 begins"]);
    expect(log).toContain("a1 goes on");
  });

  test("poison: a group kills its invocations, and only when it is handled", async () => {
    const handled: string[] = [];
    const { world } = probeWorld(
      async ({ ports, messages }) => {
        for (const message of messages) {
          await ports.ledger.newest(message.group, unbounded);
          handled.push(textOf([message]));
        }
        return [];
      },
      {
        only: ["poison@group:probe#1", "mixed-batch@poll:probe#1"],
        poisonResource: (_queue, group) => group,
      },
    );
    await sendTo(world, "b1", "a1");
    await world.run(HOUR);
    expect(handled.filter((text) => text === "a1")).toHaveLength(1);
    expect(world.invocations).toBeGreaterThan(3);
  });

  test("slow-cpu: time passes while code computes, and the call leaves later", async () => {
    const looks: number[] = [];
    let left = 0;
    const { world } = probeWorld(
      async (probe) => {
        for (let look = 0; look < 3; look += 1) looks.push(probe.ports.clock.now());
        await append(probe, 1);
        left = world.now;
        return [];
      },
      { only: ["slow-cpu@invoke:probe#1"] },
    );
    await sendTo(world, "a1");
    await world.run(HOUR);
    expect(looks[1]! - looks[0]!).toBeGreaterThan(0);
    expect(left).toBeGreaterThan(looks[2]!);
  });

  test.each([
    ["cold@invoke:probe#2", [1, 2]],
    ["recycle@invoke:probe#1", [1, 2]],
    ["", [1, 1]],
  ])("%s: containers %o", async (only, containers) => {
    const seen: number[] = [];
    const { world } = probeWorld(
      async ({ container }) => {
        seen.push(container);
        return [];
      },
      { only: [only] },
    );
    for (const text of ["a1", "a2"]) {
      await sendTo(world, text);
      await world.run(HOUR);
    }
    expect(seen).toEqual(containers);
  });

  test("retired containers get no further invocation", async () => {
    const seen: number[] = [];
    const { world } = probeWorld(async ({ container }) => {
      seen.push(container);
      return [];
    });
    await sendTo(world, "a1");
    await world.run(HOUR);
    world.retireContainers();
    await sendTo(world, "a2");
    await world.run(HOUR);
    expect(seen).toEqual([1, 2]);
  });

  test("a call of a turn that is over does not leave (K4)", async () => {
    const errors: string[] = [];
    const { world, log } = probeWorld(async (probe) => {
      let over = false;
      const scope: CallScope = { deadlineMs: probe.deadlineMs, isLive: () => !over };
      const { ledger } = probe.ports;
      const late = async (): Promise<void> => {
        await ledger.newest("p", scope);
        await ledger.append("p", 1, Uint8Array.of(1), scope);
      };
      late().catch((error: Error) => errors.push(error.name));
      over = true;
      return textOf(probe.messages) === "a1" ? [] : lasting(probe);
    });
    await sendTo(world, "a1");
    await world.run(1_000);
    await sendTo(world, "b1");
    await world.run(1_000);
    expect(errors).toContain("DeadScopeError");
    expect(log.appended).toEqual([]);
  });
});
