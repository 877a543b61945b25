import { describe, expect, test } from "vitest";
import type {
  ChunkReader,
  ChunkedSplits,
  ReaderContext,
  RecordChunk,
  ResumableSplit,
} from "../../../core/connector/index.ts";
import { ArrayChunk, PrefetchingReader } from "../../../core/connector/index.ts";

interface Split extends ResumableSplit {
  readonly name: string;
  readonly chunks: number;
}

const RECORDS_OF_CHUNK = 3;

/** Splits whose chunks are handed out when the test says so. */
class Rig {
  readonly events: string[] = [];
  readonly values: string[] = [];
  readonly reader: PrefetchingReader<string, Split>;
  failure: unknown = null;
  failAt = "";
  #grants: (() => void)[] = [];

  constructor() {
    const context: ReaderContext = {
      subtask: 0,
      parallelism: 1,
      clock: { now: () => 0 },
      requestSplit: () => this.events.push("request"),
      wake: () => this.events.push("wake"),
      wakeAt: () => undefined,
      fail: (error) => (this.failure = error),
    };
    const source: ChunkedSplits<string, Split> = {
      splitId: (split) => split.name,
      workLeft: (split) => split.chunks * RECORDS_OF_CHUNK - split.position,
      open: (split) => this.#open(split),
    };
    this.reader = new PrefetchingReader(context, source);
    this.reader.start();
  }

  add(name: string, chunks: number): void {
    this.reader.addSplits([{ name, chunks, position: 0, resumeAt: 0, resumePosition: 0 }]);
  }

  /** Lets pending reads answer until none starts any more. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) {
      for (const grant of this.#grants.splice(0)) grant();
      await Promise.resolve();
    }
  }

  poll(recordsMax: number): string {
    const output = {
      collect: (value: string) => this.values.push(value),
      dirty: () => undefined,
    };
    return this.reader.poll(
      { split: () => output, release: (id) => this.events.push(`release ${id}`) },
      recordsMax,
    );
  }

  count(event: string): number {
    return this.events.filter((each) => each === event).length;
  }

  async #open(split: Split): Promise<ChunkReader<string>> {
    this.events.push(`open ${split.name}`);
    let chunk = split.resumeAt;
    return {
      next: async (): Promise<RecordChunk<string> | null> => {
        if (chunk === split.chunks) return null;
        const at = chunk++;
        this.events.push("read");
        await new Promise<void>((resolve) => this.#grants.push(resolve));
        if (this.failAt === `${split.name}${at}`) throw new Error(`cannot read ${split.name}${at}`);
        const records = [0, 1, 2].map((record) => `${split.name}${at}.${record}`);
        return new ArrayChunk(records, at, at * RECORDS_OF_CHUNK);
      },
      close: () => {
        this.events.push(`close ${split.name}`);
      },
    };
  }
}

describe("a prefetching reader", () => {
  test("holds two chunks at most, however long it is not polled", async () => {
    const rig = new Rig();
    rig.add("a", 9);
    await rig.settle();
    expect(rig.count("read")).toBe(2);
    expect(rig.poll(RECORDS_OF_CHUNK + 1)).toBe("more");
    await rig.settle();
    expect(rig.count("read")).toBe(3);
  });

  test("reads one chunk at a time", () => {
    const rig = new Rig();
    rig.add("a", 9);
    rig.add("b", 9);
    expect(rig.events).toEqual(["request", "open a"]);
  });

  test("asks for the next split when it has read the last chunk, before it has emitted it", async () => {
    const rig = new Rig();
    rig.add("a", 1);
    await rig.settle();
    expect(rig.values).toEqual([]);
    expect(rig.events).toEqual(["request", "open a", "read", "wake", "close a", "wake", "request"]);
    await rig.settle();
    expect(rig.count("request")).toBe(2);
  });

  test("emits splits whole and in order, and releases each when it is finished", async () => {
    const rig = new Rig();
    rig.add("a", 2);
    rig.add("b", 1);
    rig.reader.noMoreSplits();
    let result = "";
    while (result !== "end") {
      await rig.settle();
      result = rig.poll(2);
    }
    expect(rig.values.map((value) => value.slice(0, 2))).toEqual(
      ["a0", "a1", "b0"].flatMap((chunk) => [chunk, chunk, chunk]),
    );
    expect(rig.events.filter((event) => event.startsWith("release"))).toEqual([
      "release a",
      "release b",
    ]);
  });

  test("says in its snapshot where to resume, and resumes there", async () => {
    const rig = new Rig();
    rig.add("a", 3);
    rig.add("b", 1);
    await rig.settle();
    rig.poll(RECORDS_OF_CHUNK + 2);
    expect(rig.reader.workLeft()).toBe(4 + 3);
    expect(rig.reader.snapshot()).toEqual([
      { name: "a", chunks: 3, position: 5, resumeAt: 1, resumePosition: 3 },
      { name: "b", chunks: 1, position: 0, resumeAt: 0, resumePosition: 0 },
    ]);
    const restored = new Rig();
    restored.reader.addSplits(rig.reader.snapshot());
    await restored.settle();
    restored.poll(2);
    expect(restored.values).toEqual(["a1.2", "a2.0"]);
    expect(restored.reader.snapshot()[0]).toMatchObject({ position: 7, resumeAt: 2 });
  });

  test("fails the job when a read fails, after what was read before", async () => {
    const rig = new Rig();
    rig.failAt = "a1";
    rig.add("a", 2);
    await rig.settle();
    expect(rig.failure).toEqual(new Error("cannot read a1"));
  });

  test("waits on close for the read that is under way, and closes the split", async () => {
    const rig = new Rig();
    rig.add("a", 2);
    await Promise.resolve();
    const closed = rig.reader.close();
    await Promise.resolve();
    expect(rig.count("close a")).toBe(0);
    await rig.settle();
    await closed;
    expect(rig.events.at(-1)).toBe("close a");
    expect(rig.failure).toBeNull();
    expect(rig.count("read")).toBe(1);
  });
});
