import { describe, expect, test } from "vitest";
import {
  type FifoHarness,
  LONG_MS,
  Queue,
  SHORT_MS,
  entry,
  oneByOne,
  texts,
} from "./fifo-harness.ts";

/** How long FIFO messages stay in one hand, and how they go. */
export function fifoVisibility(name: string, open: () => Promise<FifoHarness>): void {
  const opened = async (): Promise<Queue> => new Queue(await open());

  describe(`the visibility of FIFO messages (${name})`, () => {
    test("ends, and the messages come again in their old order", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"), entry("a", "2"), entry("a", "3"), entry("a", "4"));
      const first = await queue.receive(3, SHORT_MS);
      expect(await queue.receive()).toEqual([]);
      await queue.harness.advance(SHORT_MS);
      const again = await queue.collect(first.length);
      expect(texts(again)).toEqual(["1", "2", "3"].slice(0, first.length));
      expect(again.map(({ messageId }) => messageId)).toEqual(first.map((m) => m.messageId));
      expect(again.map(({ receiveCount }) => receiveCount)).toEqual(first.map(() => 2));
      for (const [i, { receipt }] of again.entries()) expect(receipt).not.toBe(first[i]?.receipt);
      await queue.delete(again);
      expect(await queue.drain()).toEqual(["1", "2", "3", "4"].slice(first.length));
    });

    const kept = [
      { name: "the first", deleted: 0, again: ["2", "3", "4"] },
      { name: "the one in the middle", deleted: 1, again: ["1", "3", "4"] },
      { name: "the last", deleted: 2, again: ["1", "2", "4"] },
    ];
    test.for(kept)("ends for what is left of a batch: $name is deleted", async (row, { skip }) => {
      const queue = await opened();
      await queue.send(entry("a", "1"), entry("a", "2"), entry("a", "3"), entry("a", "4"));
      const messages = await queue.collect(3, SHORT_MS);
      skip(messages.length < 3, oneByOne);
      await queue.delete(messages.slice(row.deleted, row.deleted + 1));
      await queue.harness.advance(SHORT_MS);
      expect(await queue.drain()).toEqual(row.again);
    });

    test("can be given up: the messages come at once, in their order", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"), entry("a", "2"));
      const messages = await queue.receive();
      await queue.hide(messages, 0);
      const again = await queue.collect(messages.length);
      expect(texts(again)).toEqual(texts(messages));
      expect(again[0]).toMatchObject({ receiveCount: 2 });
    });

    test("holds the group back for what stays hidden although the rest was given up", async ({
      skip,
    }) => {
      const queue = await opened();
      await queue.send(entry("a", "1"), entry("a", "2"));
      const messages = await queue.collect(2, SHORT_MS);
      skip(messages.length < 2, oneByOne);
      await queue.hide(messages.slice(0, 1), 0);
      expect(await queue.receive()).toEqual([]);
      await queue.harness.advance(SHORT_MS);
      expect(await queue.drain()).toEqual(["1", "2"]);
    });

    test("can be prolonged", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"), entry("a", "2"));
      const messages = await queue.receive(1, SHORT_MS);
      await queue.hide(messages, LONG_MS);
      await queue.harness.advance(SHORT_MS);
      expect(await queue.receive()).toEqual([]);
      expect(await queue.delete(messages)).toEqual([true]);
      expect(await queue.drain()).toEqual(["2"]);
    });

    test("can be prolonged for some messages while others are deleted", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"), entry("b", "2"), entry("c", "3"));
      const messages = await queue.collect(3, SHORT_MS);
      await queue.delete(messages.slice(0, 1));
      await queue.hide(messages.slice(1, 2), LONG_MS);
      await queue.delete(messages.slice(0, 1));
      await queue.harness.advance(SHORT_MS);
      expect(await queue.drain()).toEqual(texts(messages.slice(2)));
    });

    test("can be asked of a message that is gone", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"));
      const messages = await queue.collect(1);
      await queue.delete(messages);
      await queue.hide(messages, 0);
      expect(await queue.receive()).toEqual([]);
    });
  });

  describe(`deleting FIFO messages (${name})`, () => {
    test("counts as done when the message is gone already", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"));
      const messages = await queue.collect(1);
      expect(await queue.delete(messages)).toEqual([true]);
      expect(await queue.delete(messages)).toEqual([true]);
    });

    test("with an old receipt works or not, and never deletes anything else", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"), entry("a", "2"));
      const first = await queue.receive(1, SHORT_MS);
      await queue.harness.advance(SHORT_MS);
      const again = await queue.receive(1);
      expect(texts(again)).toEqual(["1"]);
      expect(await queue.delete(first)).toEqual([expect.any(Boolean)]);
      const next = await queue.receive(1);
      expect([[], ["2"]]).toContainEqual(texts(next));
      await queue.delete([...again, ...next]);
      expect(await queue.drain()).toEqual(next.length === 0 ? ["2"] : []);
    });

    test("after the visibility has ended works or says that it did not", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1"));
      const messages = await queue.receive(1, SHORT_MS);
      await queue.harness.advance(SHORT_MS);
      const [deleted] = await queue.delete(messages);
      expect(await queue.drain()).toEqual(deleted === true ? [] : ["1"]);
    });
  });
}
