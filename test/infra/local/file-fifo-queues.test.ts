import { appendFile, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type FifoEntry, type FifoMessage, unbounded } from "../../../core/ports/index.ts";
import { crc32c } from "../../../core/record/crc32c.ts";
import { FileFifoQueues } from "../../../infra/local/file-fifo-queues.ts";
import { encodeLine } from "../../../infra/local/queue-log-line.ts";
import { temporaryDirectories } from "../../conformance/temporary-directories.ts";
import { VirtualClock } from "../../conformance/virtual-clock.ts";

const directory = temporaryDirectories();
const opened: FileFifoQueues[] = [];
afterEach(async () => {
  for (const queues of opened.splice(0)) await queues.close();
});

const entry = (group: string, content: string): FifoEntry => ({
  group,
  deduplicationId: content,
  body: new TextEncoder().encode(content),
});
const texts = (messages: readonly FifoMessage[]): string[] =>
  messages.map(({ body }) => new TextDecoder().decode(body));

/** One process with its queue "q" below `root`. */
class Process {
  readonly queues: FileFifoQueues;

  private constructor(queues: FileFifoQueues) {
    this.queues = queues;
  }

  static async start(root: string, clock: VirtualClock, compactBytes?: number): Promise<Process> {
    const options = { clock, sync: false };
    const queues = await FileFifoQueues.open(
      root,
      compactBytes === undefined ? options : { ...options, compactBytes },
    );
    opened.push(queues);
    return new Process(queues);
  }

  send(...entries: FifoEntry[]): Promise<readonly boolean[]> {
    return this.queues.send("q", entries, unbounded);
  }

  receive(max = 10): Promise<readonly FifoMessage[]> {
    return this.queues.receive("q", { max, visibilityMs: 1_000 }, unbounded);
  }

  delete(messages: readonly FifoMessage[]): Promise<readonly boolean[]> {
    const receipts = messages.map(({ receipt }) => receipt);
    return this.queues.delete("q", receipts, unbounded);
  }

  async drain(): Promise<string[]> {
    const all: string[] = [];
    for (;;) {
      const messages = await this.receive();
      if (messages.length === 0) return all;
      all.push(...texts(messages));
      await this.delete(messages);
    }
  }
}

describe("the log of a file queue", () => {
  test("is readable behind a line that was cut anywhere", async () => {
    const clock = new VirtualClock();
    const body = new TextEncoder().encode("torn\n\u0000");
    const sent = { messageId: "x-1", group: "a", deduplicationId: "torn", at: 0, body };
    const whole = encodeLine({ kind: "sent", ...sent });
    const root = await directory();
    const sender = await Process.start(root, clock);
    const receiver = await Process.start(root, clock);
    await receiver.receive();
    // Without its last line feed the line is whole, and no longer torn.
    for (let length = 1; length < whole.length - 1; length += 1) {
      await appendFile(join(root, "q/log"), whole.subarray(0, length));
      expect(await receiver.receive(), `${length}`).toEqual([]);
      await sender.send(entry("a", `${length}`));
      expect(await receiver.drain(), `${length}`).toEqual([`${length}`]);
    }
    const { damagedLines } = await receiver.queues.receiver("q");
    expect(damagedLines).toBe(whole.length - 3);
  });

  test("leaves out a line whose bytes are damaged", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const sender = await Process.start(root, clock);
    await sender.send(entry("a", "1"));
    await sender.send(entry("a", "2"));
    const log = await readFile(join(root, "q/log"));
    log[20] = (log[20] ?? 0) ^ 1;
    await writeFile(join(root, "q/log"), log);
    const receiver = await Process.start(root, clock);
    expect(await receiver.drain()).toEqual(["2"]);
  });

  test("of a later version is refused", async () => {
    const root = await directory();
    const sender = await Process.start(root, new VirtualClock());
    await sender.send(entry("a", "1"));
    const line = '[2,"base"]';
    const checksum = crc32c(Buffer.from(line)).toString(16).padStart(8, "0");
    await appendFile(join(root, "q/log"), `\n${checksum} ${line}\n`);
    const refused = { code: "STORAGE_QUEUE_FORMAT" };
    await expect(sender.receive()).rejects.toMatchObject(refused);
    await expect(sender.receive()).rejects.toMatchObject(refused);
  });

  test("of a later version ends a receiver that meets it while it runs", async () => {
    const root = await directory();
    const process = await Process.start(root, new VirtualClock());
    await process.receive();
    const line = '[2,"base"]';
    const checksum = crc32c(Buffer.from(line)).toString(16).padStart(8, "0");
    await appendFile(join(root, "q/log"), `\n${checksum} ${line}\n`);
    await process.send(entry("a", "1"));
    const refused = { code: "STORAGE_QUEUE_FORMAT" };
    await expect(process.receive()).rejects.toMatchObject(refused);
    await expect(process.receive()).rejects.toMatchObject(refused);
  });
});

describe("a file queue whose receiver starts again", () => {
  test("shows everything that is not deleted, in its order", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const first = await Process.start(root, clock);
    await first.send(entry("a", "1"), entry("a", "2"), entry("b", "3"), entry("a", "4"));
    const messages = await first.receive(3);
    expect(texts(messages)).toEqual(["1", "2", "4"]);
    await first.delete(messages.slice(1, 2));
    const second = await Process.start(root, clock);
    expect((await second.drain()).toSorted()).toEqual(["1", "3", "4"]);
  });

  test("deletes by receipts of its earlier life", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const first = await Process.start(root, clock);
    await first.send(entry("a", "1"));
    const messages = await first.receive();
    const second = await Process.start(root, clock);
    const again = await second.receive();
    expect(again[0]?.receipt).not.toBe(messages[0]?.receipt);
    await first.delete(messages);
    expect(await second.drain()).toEqual([]);
  });

  test("still knows the ids of the last five minutes", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const first = await Process.start(root, clock);
    await first.send(entry("a", "1"));
    expect(await first.drain()).toEqual(["1"]);
    for (let life = 0; life < 3; life += 1) {
      const next = await Process.start(root, clock);
      await next.send(entry("a", "1"));
      expect(await next.drain()).toEqual([]);
    }
    await clock.advance(300_000);
    await first.send(entry("a", "1"));
    expect(await (await Process.start(root, clock)).drain()).toEqual(["1"]);
  });

  test("keeps no file of what is deleted", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    for (let life = 0; life < 4; life += 1) {
      const process = await Process.start(root, clock);
      const body = new Uint8Array(100_000);
      await process.send({ group: "a", deduplicationId: `${life}`, body });
      await process.drain();
    }
    await (await Process.start(root, clock)).receive();
    const files = await readdir(join(root, "q"));
    expect(files).toHaveLength(2);
    for (const file of files) expect((await stat(join(root, "q", file))).size).toBeLessThan(1_000);
  });

  test("loses nothing of a sender that has the old log still open", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const sender = await Process.start(root, clock);
    const sent: string[] = [];
    for (let life = 0; life < 3; life += 1) {
      sent.push(`${life}`);
      await sender.send(entry("a", `${life}`));
      await (await Process.start(root, clock)).receive();
    }
    await sender.send(entry("a", "last"));
    const receiver = await Process.start(root, clock);
    expect(await receiver.drain()).toEqual([...sent, "last"]);
  });

  test("reads a message once that a sender wrote to the old log and to the new one", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const sender = await Process.start(root, clock);
    await sender.send(entry("a", "1"));
    const twice = await readFile(join(root, "q/log"));
    const receiver = await Process.start(root, clock);
    await receiver.receive();
    await appendFile(join(root, "q/log"), twice);
    await clock.advance(1_000);
    expect(await receiver.drain()).toEqual(["1"]);
    await appendFile(join(root, "q/log"), twice);
    expect(await receiver.drain()).toEqual([]);
  });

  test("goes on wherever an earlier start was killed", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const sender = await Process.start(root, clock);
    await sender.send(entry("a", "1"), entry("a", "2"));
    const first = await Process.start(root, clock);
    await first.delete(await first.receive(1));
    await first.queues.close();
    const [sealed = ""] = (await readdir(join(root, "q"))).filter((name) => name !== "log");
    const older = await readFile(join(root, "q", sealed));
    await (await Process.start(root, clock)).receive();
    // Killed after the rewriting, before the old file was removed: QR3.
    await writeFile(join(root, "q", sealed), older);
    await sender.send(entry("a", "3"));
    expect(await (await Process.start(root, clock)).drain()).toEqual(["2", "3"]);
  });

  test("ends the receiver that was there before", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const first = await Process.start(root, clock);
    await first.receive();
    await (await Process.start(root, clock)).receive();
    await expect(first.receive()).rejects.toMatchObject({ code: "STORAGE_QUEUE_TAKEN" });
  });
});

describe("a log that has become long", () => {
  test("is rewritten with what is alive, and locks stay as they are", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const sender = await Process.start(root, clock);
    const receiver = await Process.start(root, clock, 0);
    await sender.send(entry("a", "1"), entry("a", "2"), entry("b", "3"));
    const held = await receiver.receive(1);
    await sender.send(entry("a", "4"));
    expect(texts(await receiver.receive())).toEqual(["3"]);
    await receiver.delete(held);
    expect(texts(await receiver.receive())).toEqual(["2", "4"]);
    expect((await stat(join(root, "q/log"))).size).toBe(0);
  });
});

describe("waiting for more of file queues", () => {
  test("ends when another process sends", async () => {
    const clock = new VirtualClock();
    const root = await directory();
    const sender = await Process.start(root, clock);
    const receiver = await Process.start(root, clock);
    const waiting = receiver.queues.waitForMore(["q", "other"], 60_000);
    await sender.send(entry("a", "1"));
    expect(await waiting).toBe(true);
    expect(await receiver.drain()).toEqual(["1"]);
  });

  test("ends without when nothing comes", async () => {
    const receiver = await Process.start(await directory(), new VirtualClock());
    expect(await receiver.queues.waitForMore(["q"], 0)).toBe(false);
    expect(await receiver.queues.waitForMore(["q"], 60_000, AbortSignal.abort())).toBe(false);
  });

  test("is told when a visibility ends", async () => {
    const clock = new VirtualClock();
    const process = await Process.start(await directory(), clock);
    const receiver = await process.queues.receiver("q");
    expect(receiver.nextVisibleAt()).toBeNull();
    await process.send(entry("a", "1"));
    expect(receiver.nextVisibleAt()).toBe(clock.now());
    await process.receive();
    expect(receiver.nextVisibleAt()).toBe(clock.now() + 1_000);
    expect([receiver.backlog, receiver.inFlight]).toEqual([1, 1]);
  });
});
