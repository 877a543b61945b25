import { describe, expect, test } from "vitest";
import type { FifoEntry, FifoMessage } from "../../../core/ports/index.ts";
import { type FifoFaults, MemoryFifoQueues } from "../../../infra/memory/memory-fifo-queues.ts";
import { VirtualClock } from "../../conformance/virtual-clock.ts";

const entry = (group: string, content: string): FifoEntry => ({
  group,
  deduplicationId: content,
  body: new TextEncoder().encode(content),
});
const texts = (messages: readonly FifoMessage[]): string[] =>
  messages.map(({ body }) => new TextDecoder().decode(body));

function setup(faults: FifoFaults = {}): {
  clock: VirtualClock;
  queues: MemoryFifoQueues;
  send: (...entries: FifoEntry[]) => Promise<readonly boolean[]>;
  receive: (max?: number) => Promise<readonly FifoMessage[]>;
  remove: (messages: readonly FifoMessage[]) => Promise<readonly boolean[]>;
} {
  const clock = new VirtualClock();
  const queues = new MemoryFifoQueues(clock, { faults });
  return {
    clock,
    queues,
    send: (...entries) => queues.send("q", entries),
    receive: (max = 10) => queues.receive("q", { max, visibilityMs: 1_000 }),
    remove: (messages) =>
      queues.delete(
        "q",
        messages.map(({ receipt }) => receipt),
      ),
  };
}

describe("the faults of FIFO queues in memory", () => {
  test("can store an entry twice, with different ids", async () => {
    const { send, receive } = setup({ acceptEntry: () => "accept-twice" });
    expect(await send(entry("a", "1"))).toEqual([true]);
    const messages = await receive();
    expect(texts(messages)).toEqual(["1", "1"]);
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(2);
  });

  test("can refuse an entry and remember its id", async () => {
    let fate: "reject-and-remember" | "accept" = "reject-and-remember";
    const { send, receive } = setup({ acceptEntry: () => fate });
    expect(await send(entry("a", "1"))).toEqual([false]);
    fate = "accept";
    expect(await send(entry("a", "1"))).toEqual([true]);
    expect(await receive()).toEqual([]);
  });

  test("can deliver a repeated id", async () => {
    const { send, receive } = setup({ onRepeatedId: () => "deliver" });
    await send(entry("a", "1"), entry("a", "1"));
    expect(texts(await receive())).toEqual(["1", "1"]);
  });

  test("can let old receipts delete", async () => {
    const { send, receive, remove, queues } = setup({ staleReceiptDeletes: () => true });
    await send(entry("a", "1"));
    const old = await receive();
    queues.expire("q", () => true);
    await receive();
    expect(await remove(old)).toEqual([true]);
    expect(queues.backlog("q")).toBe(0);
  });

  test("can lose messages when they would be delivered", async () => {
    const { send, receive, queues } = setup({
      vanish: (_queue, { group }) => group === "a",
    });
    await send(entry("a", "1"), entry("a", "2"), entry("b", "3"));
    expect(texts(await receive())).toEqual(["3"]);
    expect(queues.groups("q")).toEqual(["b"]);
  });

  test("can mix groups although the first has enough for a whole batch", async () => {
    const { send, receive } = setup({ groupShare: () => 2 });
    await send(entry("a", "1"), entry("a", "2"), entry("a", "3"), entry("b", "4"));
    expect(texts(await receive())).toEqual(["1", "2", "4"]);
  });

  test("can end the visibility of some messages while their holder goes on", async () => {
    const { send, receive, remove, queues } = setup();
    await send(entry("a", "1"), entry("a", "2"), entry("b", "3"));
    const first = await receive();
    expect(queues.expire("q", ({ group }) => group === "a")).toBe(2);
    const second = await receive();
    expect(texts(second)).toEqual(["1", "2"]);
    expect(await remove(first)).toEqual([true, true, true]);
    expect(queues.backlog("q")).toBe(2);
    await remove(second);
    expect(queues.backlog("q")).toBe(0);
  });
});

describe("looking into FIFO queues in memory", () => {
  test("counts what waits and what is in flight, per queue and group", async () => {
    const { send, receive, queues } = setup();
    await send(entry("a", "1"), entry("a", "2"), entry("b", "3"));
    await receive(1);
    expect(queues.queues()).toEqual(["q"]);
    expect(queues.backlog("q")).toBe(3);
    expect(queues.inFlight("q")).toBe(1);
    expect(queues.groupBacklog("q", "a")).toBe(2);
    expect(queues.groupBacklog("q", "none")).toBe(0);
    expect(queues.backlog("none")).toBe(0);
  });

  test("says when a receive may find something", async () => {
    const { send, receive, remove, queues, clock } = setup();
    expect(queues.nextVisibleAt("q")).toBeNull();
    await send(entry("a", "1"), entry("a", "2"));
    expect(queues.nextVisibleAt("q")).toBe(clock.now());
    const messages = await receive(1);
    expect(queues.nextVisibleAt("q")).toBe(clock.now() + 1_000);
    await remove(messages);
    expect(queues.nextVisibleAt("q")).toBe(clock.now());
    await remove(await receive());
    expect(queues.nextVisibleAt("q")).toBeNull();
  });

  test("gives equal answers to equal calls", async () => {
    const play = async (): Promise<unknown> => {
      const { send, receive, clock } = setup();
      await send(entry("a", "1"), entry("b", "2"));
      const first = await receive(1);
      await clock.advance(1_000);
      return [first, await receive()];
    };
    expect(await play()).toEqual(await play());
  });
});
