import { describe, expect, test } from "vitest";
import { type CallScope, unbounded } from "../../core/ports/index.ts";
import { PROBE_QUEUE, entry, probeWorld, settled } from "./probe.ts";
import type { World } from "./world.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** A world in which nothing is delivered and exactly the listed faults strike. */
function quietWorld(...only: readonly string[]): ReturnType<typeof probeWorld> {
  const made = probeWorld(async () => [], { only });
  made.world.mapping(PROBE_QUEUE).enabled = false;
  return made;
}

/** Whether a call came to its end, its answer or error, and how long it took. */
async function outcomeOf(
  world: World,
  promise: Promise<unknown>,
): Promise<{ readonly answer: unknown; readonly ms: number }> {
  const from = world.now;
  let answer: unknown = "pending";
  let until = from;
  const note = (value: unknown): void => {
    answer = value;
    until = world.now;
  };
  promise.then(note, (error: Error) => note(error.name));
  await world.run(600_000);
  return { answer, ms: until - from };
}

describe("a call of a port", () => {
  const append = (world: World): Promise<unknown> =>
    world.client("c").ledger.append("p", 1, bytes(1), unbounded);

  test.each([
    ["no fault", "", { appended: true }, true, 3, 100],
    ["throttle", "throttle", "PortFault", false, 3, 100],
    ["fail", "fail", "PortFault", false, 3, 8_000],
    ["lost", "lost", "PortFault", true, 3, 8_100],
    ["slow", "slow", { appended: true }, true, 900, 9_100],
    ["stall", "stall", { appended: true }, true, 14_000, 91_000],
    ["retried", "retried", { appended: false, existing: bytes(1) }, true, 3, 100],
    ["crash-before", "crash-before", "pending", false, 0, 0],
    ["crash-after", "crash-after", "pending", true, 0, 0],
  ])("with %s answers and does as it should", async (_name, kind, answer, done, least, most) => {
    const { world, log } = quietWorld(`${kind}@ledger.append:p#1`);
    const outcome = await outcomeOf(world, append(world));
    expect(outcome.answer).toEqual(answer);
    expect(log.appended).toEqual(done ? ["p/1"] : []);
    expect(outcome.ms).toBeGreaterThanOrEqual(least);
    expect(outcome.ms).toBeLessThanOrEqual(most);
    expect(world.injector.struck).toHaveLength(kind === "" ? 0 : 1);
  });

  test("of a dead scope is refused before it leaves (K4)", async () => {
    const { world, log } = quietWorld();
    const dead: CallScope = { deadlineMs: 0, isLive: () => false };
    const call = world.client("c").ledger.append("p", 1, bytes(1), dead);
    expect((await outcomeOf(world, call)).answer).toBe("DeadScopeError");
    expect(log.appended).toEqual([]);
  });

  test("of a dead client never ends, and does nothing (K2)", async () => {
    const { world, log } = quietWorld("crash-before@ledger.append:p#1");
    const { ledger } = world.client("c");
    void ledger.append("p", 1, bytes(1), unbounded);
    await world.run(1_000);
    let ended = 0;
    const count = (): void => {
      ended += 1;
    };
    for (let version = 1; version <= 9; version += 1) {
      void ledger.append("q", version, bytes(1), unbounded).then(count, count);
    }
    await world.run(60_000);
    expect(ended).toBe(0);
    expect(log.appended).toEqual([]);
  });

  test("that the service refuses ends the run", async () => {
    const { world } = quietWorld();
    void world.client("c").ledger.append("p", 1, new Uint8Array(400_001), unbounded);
    await expect(world.run(1_000)).rejects.toThrow("400001 bytes");
  });
});

describe("a send", () => {
  const three = ["a1", "a2", "a3"].map(entry);
  const send = (world: World): Promise<unknown> =>
    world.client("c").queues.send(PROBE_QUEUE, three, unbounded);
  const backlog = (world: World): number => world.services.queues.memory.backlog(PROBE_QUEUE);

  test("with partial-send tells which entries were not accepted", async () => {
    const { world } = quietWorld(`partial-send@queue.send:${PROBE_QUEUE}#1`);
    const { answer } = await outcomeOf(world, send(world));
    const accepted = (answer as boolean[]).filter(Boolean).length;
    expect(accepted).toBeLessThan(3);
    expect(backlog(world)).toBe(accepted);
  });

  test("with double-send leaves copies", async () => {
    const { world } = quietWorld(`double-send@queue.send:${PROBE_QUEUE}#1`);
    expect((await outcomeOf(world, send(world))).answer).toEqual([true, true, true]);
    expect(backlog(world)).toBeGreaterThan(3);
  });

  test("with swallow sends nothing later either", async () => {
    const { world } = quietWorld(`swallow@queue.send:${PROBE_QUEUE}#1`);
    await expect(settled(world, send(world))).rejects.toThrow("answer lost");
    const sent = backlog(world);
    expect(sent).toBeLessThan(3);
    const again = world.client("d").queues.send(PROBE_QUEUE, three, unbounded);
    expect(await settled(world, again)).toEqual([true, true, true]);
    expect(backlog(world)).toBe(sent);
  });

  test("of a used id is swallowed, and with repeat-delivers it is not", async () => {
    for (const [kind, messages] of [
      ["", 3],
      ["repeat-delivers", 4],
    ] as const) {
      const { world } = quietWorld(`${kind}@repeat:${PROBE_QUEUE}#1`);
      const { queues } = world.client("c");
      await settled(world, queues.send(PROBE_QUEUE, three, unbounded));
      await settled(world, queues.send(PROBE_QUEUE, three.slice(1, 2), unbounded));
      expect(backlog(world), kind).toBe(messages);
    }
  });
});

describe("a delete", () => {
  test.each([
    ["", [true, true, true], 0],
    ["delete-lost", [true, true, true], 3],
  ])("with %s answers %o", async (kind, answer, left) => {
    const { world, log } = quietWorld(`${kind}@queue.delete:${PROBE_QUEUE}#1`);
    const { queues } = world.client("c");
    await settled(world, queues.send(PROBE_QUEUE, ["a1", "a2", "a3"].map(entry), unbounded));
    const options = { max: 10, visibilityMs: 30_000 };
    const messages = await settled(world, queues.receive(PROBE_QUEUE, options, unbounded));
    const receipts = messages.map(({ receipt }) => receipt);
    expect(await settled(world, queues.delete(PROBE_QUEUE, receipts, unbounded))).toEqual(answer);
    expect(world.services.queues.memory.backlog(PROBE_QUEUE)).toBe(left);
    expect(log.deleted).toHaveLength(3 - left);
  });

  test("with delete-refused tells which are left", async () => {
    const { world } = quietWorld(`delete-refused@queue.delete:${PROBE_QUEUE}#1`);
    const { queues } = world.client("c");
    await settled(world, queues.send(PROBE_QUEUE, ["a1", "a2", "a3"].map(entry), unbounded));
    const options = { max: 10, visibilityMs: 30_000 };
    const messages = await settled(world, queues.receive(PROBE_QUEUE, options, unbounded));
    const receipts = messages.map(({ receipt }) => receipt);
    const answers = await settled(world, queues.delete(PROBE_QUEUE, receipts, unbounded));
    const left = world.services.queues.memory.backlog(PROBE_QUEUE);
    expect(answers.filter((each) => !each)).toHaveLength(left);
    expect(left).toBeGreaterThan(0);
  });

  test.each([
    ["", 1],
    ["stale-delete", 0],
  ])("by an old receipt with %s leaves %d", async (kind, left) => {
    const { world } = quietWorld(`${kind}@stale:${PROBE_QUEUE}#1`);
    const { queues } = world.client("c");
    await settled(world, queues.send(PROBE_QUEUE, [entry("a1")], unbounded));
    const options = { max: 10, visibilityMs: 1_000 };
    const [old] = await settled(world, queues.receive(PROBE_QUEUE, options, unbounded));
    await world.run(2_000);
    await settled(world, queues.receive(PROBE_QUEUE, options, unbounded));
    await settled(world, queues.delete(PROBE_QUEUE, [old!.receipt], unbounded));
    expect(world.services.queues.memory.backlog(PROBE_QUEUE)).toBe(left);
  });
});

describe("a read of a ledger", () => {
  async function filled(...only: readonly string[]): Promise<World> {
    const { world } = quietWorld(...only);
    const { ledger } = world.client("writer");
    for (let version = 1; version <= 10; version += 1) {
      await settled(world, ledger.append("p", version, bytes(version), unbounded));
    }
    return world;
  }

  test("has all rows", async () => {
    const world = await filled();
    const page = await settled(world, world.client("c").ledger.read("p", 4, unbounded));
    expect(page.rows.map(({ version }) => version)).toEqual([4, 5, 6, 7, 8, 9, 10]);
    expect(page.more).toBe(false);
  });

  test("with short-page has few, and says that there are more", async () => {
    const world = await filled("short-page@ledger.read:p#1");
    const page = await settled(world, world.client("c").ledger.read("p", 4, unbounded));
    expect(page.rows.length).toBeLessThan(4);
    expect(page.more).toBe(true);
  });

  test("with torn-read sees some rows before a change and others after it", async () => {
    const world = await filled("torn-read@ledger.read:p#1");
    const reading = world.client("c").ledger.read("p", 1, unbounded);
    const all = Array.from({ length: 10 }, (_, at) => at + 1);
    world.after(20, () => void world.client("d").ledger.trim("p", all, unbounded));
    const { rows } = await settled(world, reading);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThan(10);
  });

  test("goes on where a lost trim stopped", async () => {
    const world = await filled("lost@ledger.trim:p#1");
    const trim = world.client("c").ledger.trim("p", [1, 2, 3, 4, 5, 6, 7, 8], unbounded);
    await expect(settled(world, trim)).rejects.toThrow("answer lost");
    const versions = world.services.ledger.memory.rows("p").map(({ version }) => version);
    expect(versions.at(-1)).toBe(10);
    expect(versions).toEqual(
      Array.from({ length: versions.length }, (_, i) => 11 - versions.length + i),
    );
    expect(versions.length).toBeGreaterThan(2);
  });
});

describe("other ports", () => {
  test("an object is missing for one read with blob-missing", async () => {
    const { world } = quietWorld("blob-missing@blob.get:objects#1");
    const { blobs } = world.client("c");
    await settled(world, blobs.put("a", bytes(1)));
    expect(await settled(world, blobs.get("a"))).toBeNull();
    expect(await settled(world, blobs.get("a"))).toEqual(bytes(1));
  });

  test("an object put if absent takes its own retry for another's with retried", async () => {
    const { world, log } = quietWorld("retried@blob.put:objects#1");
    const put = world.client("c").blobs.put("a", bytes(1), { ifAbsent: true });
    expect(await settled(world, put)).toBe(false);
    expect(log.put).toEqual(["a"]);
  });

  test("a record changes by compare-and-set, also when the answer is lost", async () => {
    const { world } = quietWorld("lost@record.put:r#1");
    const { records } = world.client("c");
    await expect(settled(world, records.put("r", bytes(1), 0, unbounded))).rejects.toThrow("lost");
    expect(await settled(world, records.put("r", bytes(2), 0, unbounded))).toBe(false);
    expect(await settled(world, records.get("r", unbounded))).toEqual({
      revision: 1,
      bytes: bytes(1),
    });
  });

  test("a set keeps what was added, also when the answer is lost", async () => {
    const { world } = quietWorld("lost@set.add:s#1", "throttle@set.add:s#2");
    const { sets } = world.client("c");
    await expect(settled(world, sets.add("s", 1, unbounded))).rejects.toThrow("answer lost");
    await expect(settled(world, sets.add("s", 2, unbounded))).rejects.toThrow("nothing done");
    expect(await settled(world, sets.add("s", 3, unbounded))).toEqual([1, 3]);
    expect(await settled(world, sets.members("s", unbounded))).toEqual([1, 3]);
    await settled(world, sets.drop("s", unbounded));
    expect(await settled(world, sets.members("s", unbounded))).toEqual([]);
  });
});
