import { describe, expect, test } from "vitest";
import { type FifoEntry, fifoLimits, unbounded } from "../../core/ports/index.ts";
import { type FifoHarness, Queue, entry } from "./fifo-harness.ts";
import { LostResponse, losingNextResponse } from "./lost-response.ts";

/** What becomes of entries on their way into FIFO queues. */
export function fifoSends(name: string, open: () => Promise<FifoHarness>): void {
  const opened = async (): Promise<Queue> => new Queue(await open());

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
}
