import { expect, test, describe } from "vitest";
import { MemoryDelayQueue } from "../../../infra/memory/memory-delay-queue.ts";
import { VirtualClock } from "../../conformance/virtual-clock.ts";

const body = new Uint8Array([1]);
const receiveAll = { max: 10, visibilityMs: 1_000 };

describe("a delay queue in memory", () => {
  test("can deliver late and twice", async () => {
    const clock = new VirtualClock();
    const faults = { extraDelayMs: () => 500, acceptTwice: () => true };
    const queue = new MemoryDelayQueue(clock, { faults });
    await queue.send(body, 1_000);
    await clock.advance(1_000);
    expect(await queue.receive(receiveAll)).toEqual([]);
    expect(queue.nextVisibleAt()).toBe(clock.now() + 500);
    await clock.advance(500);
    expect(await queue.receive(receiveAll)).toHaveLength(2);
  });

  test("knows its backlog and when something is due", async () => {
    const clock = new VirtualClock();
    const queue = new MemoryDelayQueue(clock);
    expect(queue.nextVisibleAt()).toBeNull();
    await queue.send(body, 2_000);
    expect(queue.nextVisibleAt()).toBe(clock.now() + 2_000);
    await clock.advance(3_000);
    expect(queue.nextVisibleAt()).toBe(clock.now());
    const messages = await queue.receive(receiveAll);
    expect(queue.nextVisibleAt()).toBe(clock.now() + 1_000);
    expect(queue.backlog).toBe(1);
    await queue.delete(messages.map(({ receipt }) => receipt));
    expect(queue.backlog).toBe(0);
  });

  test("ignores old receipts, or not", async () => {
    for (const stale of [false, true]) {
      const clock = new VirtualClock();
      const queue = new MemoryDelayQueue(clock, { faults: { staleReceiptDeletes: () => stale } });
      await queue.send(body, 0);
      const [old] = await queue.receive(receiveAll);
      await clock.advance(1_000);
      await queue.receive(receiveAll);
      expect(await queue.delete([old?.receipt ?? ""])).toEqual([true]);
      expect(queue.backlog).toBe(stale ? 0 : 1);
    }
  });
});
