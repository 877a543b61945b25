import { describe, expect, test } from "vitest";
import type { CallScope } from "../../core/ports/index.ts";
import { type FifoHarness, LONG_MS, Queue, TRIES, entry, receipts, texts } from "./fifo-harness.ts";
import { overScope } from "./scopes.ts";
import { fifoSends } from "./fifo-sends.ts";
import { fifoVisibility } from "./fifo-visibility.ts";

/** What every adapter of FIFO queues does. */
export function fifoQueuesConformance(name: string, open: () => Promise<FifoHarness>): void {
  const opened = async (): Promise<Queue> => new Queue(await open());
  fifoVisibility(name, open);
  fifoSends(name, open);

  describe(`FIFO queues (${name})`, () => {
    test("deliver what was sent to a group, in order", async () => {
      const queue = await opened();
      expect(await queue.send(entry("a", "1"), entry("a", "2"))).toEqual([true, true]);
      await queue.send(entry("a", "3"));
      expect(await queue.drain()).toEqual(["1", "2", "3"]);
    });

    test("deliver a message with its group, an id and a first receive count", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"));
      const [message] = await queue.collect(1);
      expect(message).toMatchObject({ group: "a", receiveCount: 1 });
      expect(message?.messageId).not.toBe("");
    });

    test("carry any bytes, and many of them", async () => {
      const queue = await opened();
      const bodies = [Uint8Array.from({ length: 256 }, (_, i) => i), new Uint8Array(900_000)];
      for (const [i, body] of bodies.entries()) {
        await queue.send({ group: `${i}`, deduplicationId: `${i}`, body });
      }
      const messages = await queue.collect(2);
      const byGroup = messages.toSorted((a, b) => (a.group < b.group ? -1 : 1));
      expect(byGroup.map(({ body }) => Buffer.from(body).equals(bodies.shift() ?? body))).toEqual([
        true,
        true,
      ]);
    });

    test("have nothing to give where nothing was sent", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"));
      const other = new Queue(queue.harness, queue.harness.other);
      expect(await other.receive()).toEqual([]);
      expect(await queue.drain()).toEqual(["1"]);
      expect(await queue.receive()).toEqual([]);
    });

    test("accept a call without entries", async () => {
      const queue = await opened();
      expect(await queue.send()).toEqual([]);
      expect(await queue.delete([])).toEqual([]);
      await queue.hide([], 1_000);
    });

    test("give no receive more than it asks for", async () => {
      const queue = await opened();
      await queue.send(...["1", "2", "3", "4"].map((each) => entry(`g${each}`, each)));
      for (const max of [1, 2]) expect((await queue.receive(max)).length).toBeLessThanOrEqual(max);
    });

    test("hold a group back while one of its messages is in flight", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"), entry("a", "2"));
      const first = await queue.receive(1);
      expect(texts(first)).toEqual(["1"]);
      expect(await queue.receive()).toEqual([]);
      await queue.send(entry("a", "3"));
      expect(await queue.receive()).toEqual([]);
      await queue.delete(first);
      expect(await queue.drain()).toEqual(["2", "3"]);
    });

    test("give one receive messages from the front of a group, and no other any of it", async () => {
      const queue = await opened();
      const all = Array.from({ length: 12 }, (_, i) => `${i}`);
      await queue.send(...all.slice(0, 10).map((each) => entry("a", each)));
      await queue.send(...all.slice(10).map((each) => entry("a", each)));
      const first = await queue.receive();
      expect(texts(first)).toEqual(all.slice(0, first.length));
      expect(await queue.receive()).toEqual([]);
      await queue.delete(first.slice(0, -1));
      expect(await queue.receive()).toEqual([]);
      await queue.delete(first.slice(-1));
      expect(await queue.drain()).toEqual(all.slice(first.length));
    });

    test("deliver other groups while one is held back", async () => {
      const queue = await opened();
      await queue.send(entry("a", "a1"), entry("a", "a2"), entry("b", "b1"), entry("c", "c1"));
      const first = await queue.receive(1);
      const others = await queue.collect(2);
      const groups = new Set([...first, ...others].map(({ group }) => group));
      expect(groups).toEqual(new Set(["a", "b", "c"]));
    });

    test("serve every group although one has a long queue", async () => {
      const queue = await opened();
      const long = Array.from({ length: 30 }, (_, i) => entry("long", `long${i}`));
      for (let i = 0; i < 30; i += 10) await queue.send(...long.slice(i, i + 10));
      await queue.send(entry("short", "short"));
      let rounds = 0;
      for (let seen = false; !seen && rounds < TRIES; rounds += 1) {
        const messages = await queue.receive(1);
        seen = texts(messages).includes("short");
        await queue.delete(messages);
      }
      expect(rounds).toBeLessThan(TRIES);
    });

    test("let concurrent receives never share a group", async () => {
      const queue = await opened();
      const groups = ["a", "b", "c", "d"];
      for (const group of groups)
        await queue.send(entry(group, `${group}1`), entry(group, `${group}2`));
      const received = await Promise.all(Array.from({ length: 8 }, () => queue.receive(3)));
      const holders = received.flatMap((messages, i) =>
        [...new Set(messages.map(({ group }) => group))].map((group) => `${group} ${i}`),
      );
      expect(new Set(holders.map((holder) => holder.split(" ")[0])).size).toBe(holders.length);
      const ids = received.flat().map(({ messageId }) => messageId);
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  describe(`calls of FIFO queues (${name})`, () => {
    test.each([0, 11, 1.5])("refuse to receive %d messages", async (max) => {
      const queue = await opened();
      await expect(queue.receive(max)).rejects.toMatchObject({ code: "LIMIT_QUEUE_ENTRIES" });
    });

    test.each([-1, 43_200_001])("refuse a visibility of %d ms", async (ms) => {
      const queue = await opened();
      await expect(queue.receive(1, ms)).rejects.toMatchObject({ code: "LIMIT_QUEUE_TIME" });
      await expect(queue.hide([], ms)).rejects.toMatchObject({ code: "LIMIT_QUEUE_TIME" });
    });

    test("of a caller that is gone reject and do nothing", async ({ skip }) => {
      const queue = await opened();
      const { asksScope } = queue.harness;
      if (asksScope !== true) return skip(asksScope.skipped);
      await queue.send(entry("a", "1"));
      const messages = await queue.collect(1);
      const { port, name: queueName } = queue;
      const calls: ((scope: CallScope) => Promise<unknown>)[] = [
        (scope) => port.send(queueName, [entry("b", "2")], scope),
        (scope) => port.receive(queueName, { max: 1, visibilityMs: LONG_MS }, scope),
        (scope) => port.delete(queueName, receipts(messages), scope),
        (scope) => port.changeVisibility(queueName, receipts(messages), 0, scope),
      ];
      for (const call of calls) {
        await expect(call(overScope)).rejects.toMatchObject({ code: "STORAGE_CALL_OVER" });
      }
      expect(await queue.drain()).toEqual([]);
      await queue.hide(messages, 0);
      expect(await queue.drain()).toEqual(["1"]);
    });
  });
}
