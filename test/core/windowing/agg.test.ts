import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agg, aggregateOf } from "../../../core/windowing/index.ts";
import type { Aggregator } from "../../../core/windowing/index.ts";
import { nearestRank } from "../../../core/windowing/percentile-fold.ts";

interface Row {
  readonly n: number;
  readonly s: string;
}

const rows: readonly Row[] = [
  { n: 4, s: "a" },
  { n: -1, s: "b" },
  { n: 9, s: "a" },
  { n: 9, s: "c" },
];

const table: readonly {
  readonly name: string;
  readonly make: () => Aggregator<Row, unknown>;
  readonly expected: unknown;
}[] = [
  { name: "count", make: () => agg.count(), expected: 4 },
  { name: "count where", make: () => agg.count((row: Row) => row.n > 4), expected: 2 },
  { name: "sum", make: () => agg.sum((row: Row) => row.n), expected: 21 },
  { name: "min", make: () => agg.min((row: Row) => row.n), expected: -1 },
  { name: "max", make: () => agg.max((row: Row) => row.n), expected: 9 },
  { name: "mean", make: () => agg.mean((row: Row) => row.n), expected: 5.25 },
  { name: "median", make: () => agg.percentile((row: Row) => row.n, 0.5), expected: 4 },
  { name: "percentile 0", make: () => agg.percentile((row: Row) => row.n, 0), expected: -1 },
  { name: "percentile 1", make: () => agg.percentile((row: Row) => row.n, 1), expected: 9 },
  { name: "distinct", make: () => agg.distinct((row: Row) => row.s), expected: 3 },
  { name: "distinct of tuples", make: () => agg.distinct((row: Row) => [row.n, 1]), expected: 3 },
  { name: "first", make: () => agg.first<Row>(), expected: rows[0] },
  { name: "first of", make: () => agg.first((row: Row) => row.s), expected: "a" },
  { name: "last", make: () => agg.last<Row>(), expected: rows[3] },
  { name: "last of", make: () => agg.last((row: Row) => row.s), expected: "c" },
  { name: "collect", make: () => agg.collect<Row>(), expected: rows },
  {
    name: "collect of",
    make: () => agg.collect((row: Row) => row.s),
    expected: ["a", "b", "a", "c"],
  },
  { name: "topN", make: () => agg.topN(2, (row: Row) => row.n), expected: [rows[2], rows[3]] },
  {
    name: "topN of few",
    make: () => agg.topN(9, (row: Row) => -row.n),
    expected: [rows[1], rows[0], rows[2], rows[3]],
  },
];

describe("aggregates", () => {
  for (const row of table) {
    test(`${row.name}, at once and merged at every place`, () => {
      // A neighbour on either side shows accumulators that overlap.
      const fn = aggregateOf({ before: agg.count(), it: row.make(), after: agg.sum(() => 1) });
      const fold = (part: readonly Row[]) =>
        part.reduce((acc, one) => fn.add(one, acc), fn.createAccumulator());
      const expected = { before: 4, it: row.expected, after: 4 };
      expect(fn.getResult(fold(rows))).toEqual(expected);
      for (let at = 0; at <= rows.length; at++) {
        const right = fold(rows.slice(at));
        const before = structuredClone(right);
        const merged = fn.merge(fold(rows.slice(0, at)), right);
        expect(fn.getResult(merged)).toEqual(expected);
        fn.add({ n: 100, s: "z" }, merged);
        expect(right).toEqual(before);
      }
    });
  }

  test("a result is not changed by what comes later", () => {
    const fn = aggregateOf({ all: agg.collect<Row>(), top: agg.topN(3, (row: Row) => row.n) });
    const accumulator = fn.add(rows[0], fn.createAccumulator());
    const result = fn.getResult(accumulator);
    fn.add(rows[1], accumulator);
    expect(result).toEqual({ all: [rows[0]], top: [rows[0]] });
  });
});

test("a percentile is the smallest value that the share of all do not exceed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -9, max: 99 }), { minLength: 1, maxLength: 80 }),
      fc.integer({ min: 0, max: 100 }),
      (values, percent) => {
        const fn = aggregateOf({ p: agg.percentile((value: number) => value, percent / 100) });
        const acc = values.reduce((held, value) => fn.add(value, held), fn.createAccumulator());
        const enough = (limit: number) =>
          values.filter((value) => value <= limit).length * 100 >= percent * values.length;
        const expected = Math.min(...values.filter(enough));
        expect(fn.getResult(acc).p).toBe(expected);
      },
    ),
  );
});

test("ranks are exact where the product of share and count is not", () => {
  expect(nearestRank(0.07, 100)).toBe(7);
  expect(nearestRank(0.9, 10)).toBe(9);
  expect(nearestRank(0.9, 11)).toBe(10);
  expect(nearestRank(0.29, 100)).toBe(29);
});

describe("aggregates refuse", () => {
  const one = (aggregator: Aggregator<unknown, unknown>) => () => {
    const fn = aggregateOf({ it: aggregator });
    fn.add({ s: "x" }, fn.createAccumulator());
  };
  const text = (row: unknown) => (row as { s: number }).s;
  const refusals: readonly { name: string; act: () => unknown; says: string }[] = [
    {
      name: "a share above 1",
      act: () => agg.percentile(text, 90),
      says: "agg.percentile: the share cannot be used (got 90)",
    },
    {
      name: "a share that is no number",
      act: () => agg.percentile(text, Number.NaN),
      says: "share",
    },
    { name: "topN of 0", act: () => agg.topN(0, text), says: "(got 0)" },
    { name: "a field name", act: () => agg.sum("n" as never), says: '(got "n")' },
    { name: "an empty record", act: () => aggregateOf({}), says: "empty" },
    {
      name: "something else",
      act: () => aggregateOf({ n: (() => 1) as never }),
      says: '"n" is no aggregate',
    },
    {
      name: "a sum of text",
      act: one(agg.sum(text)),
      says: '"it": the function returned "x" instead of a number',
    },
    {
      name: "a percentile of text",
      act: one(agg.percentile(text, 1)),
      says: "instead of a number",
    },
    { name: "a rank that is text", act: one(agg.topN(1, text)), says: "instead of a number" },
    { name: "undefined", act: one(agg.collect(() => undefined)), says: "returned undefined" },
  ];
  for (const row of refusals) test(row.name, () => expect(row.act).toThrow(row.says));
});
