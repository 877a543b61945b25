import { beforeAll, describe, expect, test } from "vitest";
import { unbounded } from "../../core/ports/index.ts";
import { FileDelayQueue } from "../../infra/local/file-delay-queue.ts";
import { FileFifoQueues } from "../../infra/local/file-fifo-queues.ts";
import { FileLedger } from "../../infra/local/file-ledger.ts";
import { FileNumberSets } from "../../infra/local/file-number-sets.ts";
import { FileRecordStore } from "../../infra/local/file-record-store.ts";
import { MetricFolder } from "../../infra/local/metric-folder.ts";
import { LiveProcess, bundleProcess } from "./live-process.ts";
import {
  COMPACT_BYTES,
  GROUPS,
  KEY,
  PARTITION,
  type ProcessOptions,
  QUEUE,
  SET,
  contentOf,
} from "./port-work.ts";
import { temporaryDirectories } from "./temporary-directories.ts";
import { VirtualClock } from "./virtual-clock.ts";

const directory = temporaryDirectories();
let script = "";
beforeAll(async () => {
  script = await bundleProcess(await directory());
});

/** All that was sent is due by then. */
const FAR_FUTURE = 8_640_000_000_000_000;

/** After how many lines each life of a process is killed. */
const LIVES = [3, 40, 11, 75, 1, 120];

/** Runs `count` processes at a time, each in several lives. What each life printed. */
async function runKilled(
  options: Omit<ProcessOptions, "id">,
  name: string,
  count: number,
): Promise<readonly LiveProcess[]> {
  const lives: LiveProcess[] = [];
  const runOne = async (place: number): Promise<void> => {
    for (const [life, lines] of LIVES.entries()) {
      const child = new LiveProcess(script, { ...options, id: `${name}${place}.${life}` });
      lives.push(child);
      await child.killAfter(lines + place);
    }
  };
  await Promise.all(Array.from({ length: count }, (_, place) => runOne(place)));
  return lives;
}

interface Delivery {
  readonly messageId: string;
  /** `<sender> <group>`. */
  readonly stream: string;
  readonly number: number;
}

function parseDelivery(line: string): Delivery {
  const [, messageId = "", sender = "", group = "", number = ""] = line.split(" ");
  return { messageId, stream: `${sender} ${group}`, number: Number(number) };
}

/** Each message once, where it came first. */
function firstDeliveries(lines: readonly string[]): Map<string, number[]> {
  const seen = new Set<string>();
  const streams = new Map<string, number[]>();
  for (const line of lines.filter((each) => each.startsWith("got "))) {
    const { messageId, stream, number } = parseDelivery(line);
    if (seen.has(messageId)) continue;
    seen.add(messageId);
    streams.set(stream, [...(streams.get(stream) ?? []), number]);
  }
  return streams;
}

/** Messages that came although their deletion had been answered before. */
function risen(lines: readonly string[]): string[] {
  const gone = new Set<string>();
  const found: string[] = [];
  for (const line of lines) {
    const [what, messageId = ""] = line.split(" ");
    if (what === "gone") gone.add(messageId);
    else if (gone.has(messageId)) found.push(line);
  }
  return found;
}

/** Receives what is left, in this process. */
async function drain(root: string): Promise<string[]> {
  const clock = new VirtualClock();
  const options = { clock, sync: false, compactBytes: COMPACT_BYTES };
  const queues = await FileFifoQueues.open(root, options);
  const lines: string[] = [];
  for (;;) {
    const messages = await queues.receive(QUEUE, { max: 10, visibilityMs: 600_000 }, unbounded);
    if (messages.length === 0) break;
    for (const { messageId, body } of messages) lines.push(`got ${messageId} ${contentOf(body)}`);
    const receipts = messages.map(({ receipt }) => receipt);
    await queues.delete(QUEUE, receipts, unbounded);
  }
  await queues.close();
  return lines;
}

describe("processes that are killed at any moment", { timeout: 120_000 }, () => {
  test("lose, tear, swap and double no message of a file queue", async () => {
    const root = await directory();
    const receiving = runKilled({ role: "receive", root }, "receiver", 1);
    const senders = await runKilled({ role: "send", root }, "sender", 2);
    const receivers = await receiving;
    const lines = [...receivers.flatMap((child) => child.lines), ...(await drain(root))];

    const accepted = new Map<string, number>();
    for (const line of senders.flatMap((child) => child.lines)) {
      const [sender = "", group = "", number = ""] = line.split(" ");
      accepted.set(`${sender} ${group}`, Number(number));
    }
    const streams = firstDeliveries(lines);
    for (const [stream, numbers] of streams) {
      expect(numbers, stream).toEqual(numbers.map((_, i) => i + 1));
      expect(GROUPS).toContain(stream.split(" ")[1]);
    }
    for (const [stream, count] of accepted) {
      expect(streams.get(stream)?.length ?? 0, stream).toBeGreaterThanOrEqual(count);
    }
    expect(risen(lines)).toEqual([]);
    expect(lines.filter((line) => line.includes("torn"))).toEqual([]);
  });

  test("never change a row of a file ledger, and leave no hole", async () => {
    const root = await directory();
    const lives = await runKilled({ role: "append", root }, "p", 3);
    const ledger = await FileLedger.open(root, { sync: false });
    const rows = new Map<string, string>();
    let versions = 0;
    for (let more = true; more;) {
      const page = await ledger.read(PARTITION, versions, unbounded);
      for (const { version, item } of page.rows) rows.set(`${version}`, contentOf(item));
      versions += page.rows.length;
      more = page.more;
    }
    expect([...rows.keys()]).toEqual(Array.from({ length: versions }, (_, i) => `${i}`));
    const printed = lives.flatMap((child) => child.lines);
    const wrong = printed.filter((line) => {
      const space = line.indexOf(" ");
      return rows.get(line.slice(0, space)) !== line.slice(space + 1);
    });
    expect(wrong).toEqual([]);
    expect(printed.length).toBeGreaterThan(LIVES.length);
  });

  test("never both make the same change of a file record", async () => {
    const root = await directory();
    const lives = await runKilled({ role: "change", root }, "p", 3);
    const changes = lives.flatMap((child) => child.lines);
    const revisions = changes.map((line) => Number(line.split(" ")[0]));
    expect(new Set(revisions).size).toBe(revisions.length);
    const store = await FileRecordStore.open(root, { sync: false });
    const last = await store.get(KEY, unbounded);
    expect(last?.revision).toBeGreaterThanOrEqual(Math.max(...revisions));
    expect(contentOf(last?.bytes ?? new Uint8Array(0))).not.toContain("torn");
  });

  test("lose no member of a file set, and see a set that only grows", async () => {
    const root = await directory();
    const lives = await runKilled({ role: "add", root }, "p", 3);
    const sets = await FileNumberSets.open(root, { sync: false });
    const members = new Set(await sets.members(SET, unbounded));
    for (const { lines } of lives) {
      const added = lines.map((line) => line.split(" ").map(Number));
      expect(added.filter(([member]) => !members.has(member ?? -1))).toEqual([]);
      const sizes = added.map(([, size]) => size ?? Number.NaN);
      expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(members.size);
    }
  });

  test("have reported each metric once, and one that nobody heard of at most", async () => {
    const root = await directory();
    const lives = await runKilled({ role: "report", root }, "p", 3);
    const sums = new MetricFolder(root).read();
    const seen = new Map(
      sums.map(({ operator, counters }) => [operator, counters["reports"] ?? 0]),
    );
    for (const { lines } of lives) {
      const [id = "", last = ""] = lines.at(-1)?.split(" ") ?? [];
      expect(Number(last), id).toBe(lines.length);
      expect([lines.length, lines.length + 1], id).toContain(seen.get(id));
    }
  });

  test("lose and tear no message of a file delay queue", async () => {
    const root = await directory();
    const lives = await runKilled({ role: "delay", root }, "p", 2);
    const clock = { now: () => FAR_FUTURE };
    const queue = await FileDelayQueue.open(root, { clock, sync: false });
    const received: string[] = [];
    for (;;) {
      const messages = await queue.receive({ max: 10, visibilityMs: 600_000 }, unbounded);
      if (messages.length === 0) break;
      received.push(...messages.map(({ body }) => contentOf(body)));
      const receipts = messages.map(({ receipt }) => receipt);
      await queue.delete(receipts, unbounded);
    }
    const seen = new Set(received);
    expect(seen.size).toBe(received.length);
    expect(lives.flatMap((child) => child.lines).filter((line) => !seen.has(line))).toEqual([]);
    expect(received.filter((each) => each.startsWith("torn"))).toEqual([]);
  });
});
