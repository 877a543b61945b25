import { describe, expect, test } from "vitest";
import { unbounded } from "../../core/ports/index.ts";
import type { Action } from "./actor.ts";
import { probeWorld } from "./probe.ts";
import type { World } from "./world.ts";

const HOUR = 3_600_000;

const quiet = (...only: readonly string[]): World => probeWorld(async () => [], { only }).world;

/** Three steps, each of which may be done already. */
const threeSteps: Action = async ({ ports }) => {
  for (let version = 1; version <= 3; version += 1) {
    await ports.ledger.append("steps", version, Uint8Array.of(version), unbounded);
  }
};

describe("an actor", () => {
  test("does its action once when nothing happens to it", async () => {
    const world = quiet();
    const actor = world.actor("three", threeSteps, 5_000);
    await world.run(4_000);
    expect(actor.attempts).toBe(0);
    await world.run(HOUR);
    expect(actor.isDone).toBe(true);
    expect(actor.attempts).toBe(1);
  });

  test.each([
    ["dies at a call", "actor-crash@actor:three#2"],
    ["dies after a call", "crash-after@ledger.append:steps#2"],
    ["has a call rejected", "throttle@ledger.append:steps#2"],
  ])("starts again until it is done when it %s (A1)", async (_name, only) => {
    const world = quiet(only);
    let completed = 0;
    const actor = world.actor("three", async (context) => {
      for (let round = 0; round < 11; round += 1) await threeSteps(context);
      completed += 1;
    });
    await world.run(HOUR);
    expect(actor.isDone).toBe(true);
    expect(actor.attempts).toBe(2);
    expect(completed).toBe(1);
    expect(world.services.ledger.memory.rows("steps")).toHaveLength(3);
  });

  test("runs twice at a time with actor-double", async () => {
    const world = quiet("actor-double@actor:three#1");
    const log: string[] = [];
    world.actor("three", async (context) => {
      log.push(`${context.attempt} begins`);
      await threeSteps(context);
      log.push(`${context.attempt} ends`);
    });
    await world.run(HOUR);
    expect(log.slice(0, 2)).toEqual(["1 begins", "2 begins"]);
    expect(log).toHaveLength(4);
  });

  test("ends the run with any other error (A2)", async () => {
    const world = quiet();
    world.actor("wrong", () => Promise.reject(new Error("no such savepoint")));
    await expect(world.run(HOUR)).rejects.toThrow("no such savepoint");
  });

  test("sleeps in virtual time, and not beyond its death", async () => {
    const world = quiet("crash-before@ledger.append:steps#1");
    let woke = 0;
    world.actor("sleeper", async (context) => {
      const nap = context.sleep(60_000).then(() => (woke += 1));
      if (context.attempt === 1) await threeSteps(context);
      await nap;
    });
    await world.run(HOUR);
    expect(woke).toBe(1);
  });
});
