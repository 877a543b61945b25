import { describe, expect, test } from "vitest";
import {
  type CallScope,
  type FifoEntry,
  type FifoMessage,
  type FifoQueues,
  fifoLimits,
  unbounded,
} from "../../core/ports/index.ts";
import { LostResponse, losingNextResponse } from "./lost-response.ts";
import { type Skipped, overScope } from "./scopes.ts";

export interface FifoHarness {
  readonly queues: FifoQueues;
  /** The name of a queue that nobody has used. */
  readonly queue: string;
  /** Another one. */
  readonly other: string;
  /** Lets at least this much time pass for the queues. */
  readonly advance: (ms: number) => Promise<void>;
  /** Makes the queues refuse entries with these de-duplication ids, until it is called again. */
  readonly refuse: ((deduplicationIds: readonly string[]) => void) | Skipped;
  readonly asksScope: true | Skipped;
}

/** Long enough never to end within a test. */
const LONG_MS = 600_000;
/** A visibility that tests wait for. */
const SHORT_MS = 2_000;
/** SQS may answer with nothing, or with less than there is. */
const TRIES = 20;
const oneByOne = "the queue gave the messages of the group one by one, as it may";

const text = (body: Uint8Array): string => new TextDecoder().decode(body);
const texts = (messages: readonly FifoMessage[]): string[] => messages.map((m) => text(m.body));
const receipts = (messages: readonly FifoMessage[]): string[] => messages.map((m) => m.receipt);

/** `group` and text, e.g. `a1`: an entry of group a; the id is the text. */
function entry(group: string, content: string, id: string = content): FifoEntry {
  return { group, deduplicationId: id, body: new TextEncoder().encode(content) };
}

/** One queue, in few words. */
class Queue {
  readonly harness: FifoHarness;
  readonly name: string;

  constructor(harness: FifoHarness, name: string = harness.queue) {
    this.harness = harness;
    this.name = name;
  }

  get port(): FifoQueues {
    return this.harness.queues;
  }

  send(...entries: FifoEntry[]): Promise<readonly boolean[]> {
    return this.port.send(this.name, entries, unbounded);
  }

  receive(max = 10, visibilityMs = LONG_MS): Promise<readonly FifoMessage[]> {
    return this.port.receive(this.name, { max, visibilityMs }, unbounded);
  }

  /** Receives, in several calls if need be, until `count` messages came. */
  async collect(count: number, visibilityMs = LONG_MS): Promise<FifoMessage[]> {
    const messages: FifoMessage[] = [];
    for (let i = 0; i < TRIES && messages.length < count; i += 1) {
      messages.push(...(await this.receive(Math.min(10, count - messages.length), visibilityMs)));
    }
    return messages;
  }

  /** Receives and deletes until nothing comes any more. */
  async drain(): Promise<string[]> {
    const all: string[] = [];
    for (let empty = 0; empty < 3;) {
      const messages = await this.receive();
      empty = messages.length === 0 ? empty + 1 : 0;
      all.push(...texts(messages));
      await this.delete(messages);
    }
    return all;
  }

  delete(messages: readonly FifoMessage[]): Promise<readonly boolean[]> {
    return this.port.delete(this.name, receipts(messages), unbounded);
  }

  hide(messages: readonly FifoMessage[], visibilityMs: number): Promise<void> {
    return this.port.changeVisibility(this.name, receipts(messages), visibilityMs, unbounded);
  }
}

/** What every adapter of FIFO queues does. */
export function fifoQueuesConformance(name: string, open: () => Promise<FifoHarness>): void {
  const opened = async (): Promise<Queue> => new Queue(await open());

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

  describe(`the de-duplication of FIFO messages (${name})`, () => {
    test("accepts a repeated id and delivers only the first message", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1", "id"));
      expect(await queue.send(entry("a", "2", "id"))).toEqual([true]);
      expect(await queue.drain()).toEqual(["1"]);
    });

    test("works within one call", async () => {
      const queue = await opened();
      const sent = await queue.send(entry("a", "1", "id"), entry("a", "2", "id"), entry("a", "3"));
      expect(sent).toEqual([true, true, true]);
      expect(await queue.drain()).toEqual(["1", "3"]);
    });

    test("outlives the deletion of the message", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1", "id"));
      expect(await queue.drain()).toEqual(["1"]);
      await queue.send(entry("a", "2", "id"));
      expect(await queue.drain()).toEqual([]);
    });

    test("ends after five minutes", async () => {
      const queue = await opened();
      await queue.send(entry("a", "1", "id"));
      expect(await queue.drain()).toEqual(["1"]);
      await queue.harness.advance(fifoLimits.deduplicationMs);
      await queue.send(entry("a", "2", "id"));
      expect(await queue.drain()).toEqual(["2"]);
    });

    test("counts ids per group and per queue", async () => {
      const queue = await opened();
      const other = new Queue(queue.harness, queue.harness.other);
      await queue.send(entry("a", "1", "id"));
      await queue.send(entry("b", "2", "id"));
      await other.send(entry("a", "3", "id"));
      expect((await queue.drain()).toSorted()).toEqual(["1", "2"]);
      expect(await other.drain()).toEqual(["3"]);
    });
  });

  describe(`a send to FIFO queues (${name})`, () => {
    test("says which entries were accepted; the others are nowhere", async ({ skip }) => {
      const queue = await opened();
      const { refuse } = queue.harness;
      if (typeof refuse !== "function") return skip(refuse.skipped);
      refuse(["2"]);
      const entries = [entry("a", "1"), entry("a", "2"), entry("a", "3")];
      expect(await queue.send(...entries)).toEqual([true, false, true]);
      refuse([]);
      expect(await queue.send(entry("a", "2"))).toEqual([true]);
      expect(await queue.drain()).toEqual(["1", "3", "2"]);
    });

    test("whose answer is lost can be repeated with the same ids", async () => {
      const queue = await opened();
      const losing = losingNextResponse(queue.port, "send");
      const send = (): Promise<readonly boolean[]> =>
        losing.send(queue.name, [entry("a", "1"), entry("a", "2")], unbounded);
      await expect(send()).rejects.toThrow(LostResponse);
      expect(await send()).toEqual([true, true]);
      expect(await queue.drain()).toEqual(["1", "2"]);
    });

    test("whose answer is lost, repeated with other ids, delivers twice", async () => {
      const queue = await opened();
      const losing = losingNextResponse(queue.port, "send");
      const send = (id: string): Promise<readonly boolean[]> =>
        losing.send(queue.name, [entry("a", "1", id)], unbounded);
      await expect(send("first")).rejects.toThrow(LostResponse);
      await send("second");
      expect(await queue.drain()).toEqual(["1", "1"]);
    });

    const big = new Uint8Array(fifoLimits.bytesPerCall / 2 + 1);
    const refused: { name: string; entries: FifoEntry[]; code: string }[] = [
      {
        name: "eleven entries",
        entries: Array.from({ length: 11 }, (_, i) => entry("a", `${i}`)),
        code: "LIMIT_QUEUE_ENTRIES",
      },
      {
        name: "more than a MiB",
        entries: ["1", "2"].map((id) => ({ group: "a", deduplicationId: id, body: big })),
        code: "LIMIT_QUEUE_BYTES",
      },
      { name: "no group", entries: [entry("", "1")], code: "LIMIT_QUEUE_ID" },
      { name: "an empty id", entries: [entry("a", "1", "")], code: "LIMIT_QUEUE_ID" },
      { name: "a long id", entries: [entry("a", "1", "x".repeat(129))], code: "LIMIT_QUEUE_ID" },
    ];
    test.each(refused)("is refused as a whole: $name", async ({ entries, code }) => {
      const queue = await opened();
      await expect(queue.send(...entries)).rejects.toMatchObject({ code });
      expect(await queue.receive()).toEqual([]);
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
