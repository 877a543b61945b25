import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  collectionSource,
  generatorSource,
  sequenceSource,
} from "../../../core/connector/index.ts";
import type { Source } from "../../../core/connector/index.ts";
import { SourceHarness, runCut, runSource } from "./source-harness.ts";

const sources: readonly (readonly [string, (count: number) => Source<number>])[] = [
  ["a collection", (count) => collectionSource(numbers(count))],
  ["a sequence", (count) => sequenceSource(0, count - 1)],
  ["a generator", (count) => generatorSource({ generate: (index) => index, count })],
];

describe.each(sources)("%s", (_name, source) => {
  test("gives each record once, in order within its split", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.integer({ min: 1, max: 5 }), async (count, parallelism) => {
        const run = await runSource(source(count), { parallelism, recordsMax: 3 });
        expect(sorted(run.values)).toEqual(numbers(count));
        for (const split of new Set(run.emitted.map((record) => record.split))) {
          const own = run.emitted.filter((record) => record.split === split);
          expect(own.map((record) => record.value)).toEqual(sorted(own.map((r) => r.value)));
          expect(own.map((record) => record.position)).toEqual(numbers(own.length));
        }
        expect(new Set(run.released)).toEqual(new Set(run.assigned));
      }),
    );
  });

  test("goes on after a cut at any record with exactly the rest, also with other readers", async () => {
    const parallelism = fc.integer({ min: 1, max: 4 });
    await fc.assert(
      fc.asyncProperty(fc.nat(30), fc.nat(30), parallelism, parallelism, async (n, at, p, q) => {
        const before = { parallelism: p, recordsMax: 4 };
        const { first, rest } = await runCut(() => source(n), at, before, { parallelism: q });
        expect(first.values).toHaveLength(Math.min(n, at));
        expect(sorted([...first.values, ...rest.values])).toEqual(numbers(n));
      }),
    );
  });
});

describe("the share done", () => {
  test.each(sources)(
    "of %s counts records, also those of earlier attempts",
    async (_name, source) => {
      const options = { parallelism: 2, recordsMax: 1 };
      const { first, rest } = await runCut(() => source(20), 5, options, { stopAfter: 10 });
      expect(first.done).toBe(0.25);
      expect(rest.done).toBe(0.75);
      expect((await runSource(source(20))).done).toBe(1);
    },
  );

  test("of an endless generator is unknown", async () => {
    const source = generatorSource({ generate: (index) => index });
    expect((await runSource(source, { stopAfter: 5 })).done).toBeNull();
  });
});

describe("a collection", () => {
  test("that changed since the checkpoint is refused", async () => {
    const first = await runSource(collectionSource([1, 2, 3]), { stopAfter: 1 });
    const restored = runSource(collectionSource([1, 2]), { restore: first.cut() });
    await expect(restored).rejects.toMatchObject({
      code: "RESTORE_COLLECTION_CHANGED",
      message: "the collection has 2 values (had 3 when the checkpoint was taken)",
    });
  });
});

describe("a sequence", () => {
  test("hands a split back to its old place", async () => {
    const before = { parallelism: 3, recordsMax: 2 };
    const { rest } = await runCut(() => sequenceSource(1, 9), 2, before, { parallelism: 1 });
    expect(rest.values).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(rest.assigned).toEqual(["1..3", "4..6", "7..9"]);
  });

  test("refuses bounds that are no safe integers", () => {
    expect(() => sequenceSource(0, 1.5)).toThrow(
      'sequenceSource: "to" is no safe integer (got 1.5)',
    );
  });
});

describe("a generator", () => {
  test("keeps its rate, whatever the parallelism", async () => {
    const source = generatorSource({ generate: (index) => index, ratePerSecond: 10 });
    const harness = new SourceHarness(source, { parallelism: 2 });
    await harness.start();
    const counts: number[] = [];
    for (harness.now = 0; harness.now <= 1_000; harness.now += 100) {
      while (harness.round());
      counts.push(harness.emitted.length);
    }
    expect(counts).toEqual([2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12]);
    expect(harness.wakeUps.at(-1)).toBe(1_200);
  });

  test("catches up with at most one second of its rate after a pause", async () => {
    const source = generatorSource({ generate: (index) => index, ratePerSecond: 10 });
    const harness = new SourceHarness(source);
    await harness.start();
    while (harness.round());
    harness.now = 60_000;
    while (harness.round());
    expect(harness.emitted).toHaveLength(1 + 11);
  });

  test("without a count lets its splits take turns when one reader has several", async () => {
    const source = (): Source<number> => generatorSource({ generate: (index) => index });
    const first = await runSource(source(), { parallelism: 3, recordsMax: 2, stopAfter: 6 });
    const rest = await runSource(source(), { restore: first.cut(), recordsMax: 1, stopAfter: 6 });
    expect(rest.values).toEqual([6, 7, 8, 9, 10, 11]);
  });

  test("ends readers that have no split", async () => {
    const source = generatorSource({ generate: (index) => index, count: 1 });
    const run = await runSource(source, { parallelism: 3 });
    expect(run.ended.size).toBe(3);
  });

  test.each([
    ["count", { count: -1 }, '"count" cannot be used (got -1)'],
    ["rate", { ratePerSecond: 0 }, '"ratePerSecond" cannot be used (got 0)'],
  ])("refuses an unusable %s", (_name, options, message) => {
    expect(() => generatorSource({ generate: (index) => index, ...options })).toThrow(message);
  });
});

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((left, right) => left - right);
}
