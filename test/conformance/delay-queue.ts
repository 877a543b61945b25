import { describe, expect, test } from "vitest";
import {
  type CallScope,
  type DelayQueue,
  type DelayedMessage,
  fifoLimits,
  unbounded,
} from "../../core/ports/index.ts";
import { LostResponse, losingNextResponse } from "./lost-response.ts";
import { type Skipped, overScope } from "./scopes.ts";

export interface DelayHarness {
  /** An empty one. */
  readonly queue: DelayQueue;
  /** Lets at least this much time pass for the queue. */
  readonly advance: (ms: number) => Promise<void>;
  readonly asksScope: true | Skipped;
}

const LONG_MS = 600_000;
const SHORT_MS = 2_000;
/** SQS may answer with nothing, or with less than there is. */
const TRIES = 20;

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);
const texts = (messages: readonly DelayedMessage[]): string[] =>
  messages.map(({ body }) => new TextDecoder().decode(body));
const receipts = (messages: readonly DelayedMessage[]): string[] =>
  messages.map(({ receipt }) => receipt);

class Queue {
  readonly harness: DelayHarness;

  constructor(harness: DelayHarness) {
    this.harness = harness;
  }

  get port(): DelayQueue {
    return this.harness.queue;
  }

  send(content: string, delayMs = 0): Promise<void> {
    return this.port.send(bytes(content), delayMs, unbounded);
  }

  receive(max = 10, visibilityMs = LONG_MS): Promise<readonly DelayedMessage[]> {
    return this.port.receive({ max, visibilityMs }, unbounded);
  }

  async collect(count: number, visibilityMs = LONG_MS): Promise<DelayedMessage[]> {
    const messages: DelayedMessage[] = [];
    for (let i = 0; i < TRIES && messages.length < count; i += 1) {
      messages.push(...(await this.receive(Math.min(10, count - messages.length), visibilityMs)));
    }
    return messages;
  }

  delete(messages: readonly DelayedMessage[]): Promise<readonly boolean[]> {
    return this.port.delete(receipts(messages), unbounded);
  }
}

/** What every adapter of a delay queue does. Messages may come in any order, and more than once. */
export function delayQueueConformance(name: string, open: () => Promise<DelayHarness>): void {
  const opened = async (): Promise<Queue> => new Queue(await open());

  describe(`a delay queue (${name})`, () => {
    test("delivers a message without delay at once", async () => {
      const queue = await opened();
      await queue.send("now");
      const [message] = await queue.collect(1);
      expect(texts([message as DelayedMessage])).toEqual(["now"]);
      expect(message?.messageId).not.toBe("");
    });

    test("holds a message back until its delay is over", async () => {
      const queue = await opened();
      await queue.send("later", SHORT_MS);
      expect(await queue.receive()).toEqual([]);
      await queue.harness.advance(SHORT_MS);
      expect(texts(await queue.collect(1))).toEqual(["later"]);
    });

    test("takes the longest delay", async () => {
      const queue = await opened();
      await queue.send("much later", fifoLimits.delayMsMax);
      await queue.harness.advance(fifoLimits.delayMsMax - SHORT_MS);
      expect(await queue.receive()).toEqual([]);
      await queue.harness.advance(SHORT_MS);
      expect(texts(await queue.collect(1))).toEqual(["much later"]);
    });

    test("delivers what is due whatever else waits", async () => {
      const queue = await opened();
      await queue.send("later", LONG_MS);
      await queue.send("soon", SHORT_MS);
      await queue.send("now");
      expect(texts(await queue.collect(1))).toEqual(["now"]);
      await queue.harness.advance(SHORT_MS);
      expect(texts(await queue.collect(1))).toEqual(["soon"]);
    });

    test("loses none of many messages", async () => {
      const queue = await opened();
      const all = Array.from({ length: 35 }, (_, i) => `${i}`);
      for (const each of all) await queue.send(each, (Number(each) % 3) * SHORT_MS);
      await queue.harness.advance(2 * SHORT_MS);
      const seen = new Set<string>();
      for (let i = 0; i < TRIES && seen.size < all.length; i += 1) {
        const messages = await queue.receive();
        for (const each of texts(messages)) seen.add(each);
        await queue.delete(messages);
      }
      expect([...seen].toSorted()).toEqual(all.toSorted());
    });

    test("carries any bytes", async () => {
      const queue = await opened();
      const body = Uint8Array.from({ length: 256 }, (_, i) => i);
      await queue.port.send(body, 0, unbounded);
      const [message] = await queue.collect(1);
      expect(Uint8Array.from(message?.body ?? [])).toEqual(body);
    });

    test("gives no receive more than it asks for", async () => {
      const queue = await opened();
      for (const each of ["1", "2", "3"]) await queue.send(each);
      expect((await queue.receive(2)).length).toBeLessThanOrEqual(2);
    });

    test("hides a message in flight, and delivers it again when that ends", async () => {
      const queue = await opened();
      await queue.send("1");
      const first = await queue.collect(1, SHORT_MS);
      expect(await queue.receive()).toEqual([]);
      await queue.harness.advance(SHORT_MS);
      const again = await queue.collect(1);
      expect(again.map(({ messageId }) => messageId)).toEqual(first.map((m) => m.messageId));
      expect(again[0]?.receipt).not.toBe(first[0]?.receipt);
    });

    test("delivers a deleted message no more", async () => {
      const queue = await opened();
      await queue.send("1");
      await queue.send("2");
      const messages = await queue.collect(2, SHORT_MS);
      const [gone, kept] = messages as [DelayedMessage, DelayedMessage];
      expect(await queue.delete([gone])).toEqual([true]);
      await queue.harness.advance(SHORT_MS);
      expect(texts(await queue.collect(1))).toEqual(texts([kept]));
      expect(await queue.receive()).toEqual([]);
    });

    test("counts a repeated delete as done", async () => {
      const queue = await opened();
      await queue.send("1");
      const messages = await queue.collect(1);
      expect(await queue.delete(messages)).toEqual([true]);
      expect(await queue.delete(messages)).toEqual([true]);
    });

    test("deletes with an old receipt or not, and never anything else", async () => {
      const queue = await opened();
      await queue.send("1");
      const first = await queue.collect(1, SHORT_MS);
      await queue.harness.advance(SHORT_MS);
      const again = await queue.collect(1, SHORT_MS);
      await queue.send("2");
      expect(await queue.delete(first)).toEqual([expect.any(Boolean)]);
      await queue.delete(again);
      await queue.harness.advance(SHORT_MS);
      expect(texts(await queue.collect(1))).toEqual(["2"]);
      expect(await queue.receive()).toEqual([]);
    });

    test("has the message although the answer of the send is lost", async () => {
      const queue = await opened();
      const losing = losingNextResponse(queue.port, "send");
      const send = (): Promise<void> => losing.send(bytes("1"), 0, unbounded);
      await expect(send()).rejects.toThrow(LostResponse);
      await send();
      expect(texts(await queue.collect(2))).toEqual(["1", "1"]);
    });

    test.each([-1, fifoLimits.delayMsMax + 1])("refuses a delay of %d ms", async (delayMs) => {
      const queue = await opened();
      await expect(queue.send("1", delayMs)).rejects.toMatchObject({ code: "LIMIT_QUEUE_TIME" });
    });

    test.each([0, 11])("refuses to receive %d messages", async (max) => {
      const queue = await opened();
      await expect(queue.receive(max)).rejects.toMatchObject({ code: "LIMIT_QUEUE_ENTRIES" });
    });

    test("does nothing for a caller that is gone", async ({ skip }) => {
      const queue = await opened();
      const { asksScope } = queue.harness;
      if (asksScope !== true) return skip(asksScope.skipped);
      await queue.send("1");
      const messages = await queue.collect(1, SHORT_MS);
      const { port } = queue;
      const calls: ((scope: CallScope) => Promise<unknown>)[] = [
        (scope) => port.send(bytes("2"), 0, scope),
        (scope) => port.receive({ max: 1, visibilityMs: LONG_MS }, scope),
        (scope) => port.delete(receipts(messages), scope),
      ];
      await queue.harness.advance(SHORT_MS);
      for (const call of calls) {
        await expect(call(overScope)).rejects.toMatchObject({ code: "STORAGE_CALL_OVER" });
      }
      expect(texts(await queue.collect(1))).toEqual(["1"]);
      expect(await queue.receive()).toEqual([]);
    });
  });
}
