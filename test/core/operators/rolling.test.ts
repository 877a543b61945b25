import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyedStream } from "../../../core/api/index.ts";
import { type OperatorHarness, opened } from "./harness.ts";

interface Sale {
  readonly shop: string;
  readonly amount: number;
  readonly label: string;
}

type Sales = KeyedStream<Sale, string>;

const sale = (shop: string, amount: number, label: string): Sale => ({ shop, amount, label });

function rolling(method: (sales: Sales) => unknown): Promise<OperatorHarness> {
  return opened((env) => method(env.fromCollection<Sale>([]).keyBy(({ shop }) => shop)));
}

const FIRST = sale("a", 3, "first");
const SECOND = sale("a", 1, "second");
const THIRD = sale("a", 4, "third");
const EQUAL = sale("a", 1, "equal to second");

const cases: [string, (sales: Sales) => unknown, Sale[]][] = [
  [
    "reduce folds with the user's function",
    (sales) => sales.reduce((left, right) => ({ ...right, amount: left.amount * right.amount })),
    [FIRST, sale("a", 3, "second"), sale("a", 12, "third"), sale("a", 12, "equal to second")],
  ],
  [
    "sum adds up in the first record",
    (sales) => sales.sum("amount"),
    [FIRST, sale("a", 4, "first"), sale("a", 8, "first"), sale("a", 9, "first")],
  ],
  [
    "min keeps the other fields of the first record",
    (sales) => sales.min("amount"),
    [FIRST, sale("a", 1, "first"), sale("a", 1, "first"), sale("a", 1, "first")],
  ],
  [
    "max keeps the other fields of the first record",
    (sales) => sales.max("amount"),
    [FIRST, FIRST, sale("a", 4, "first"), sale("a", 4, "first")],
  ],
  [
    "minBy takes the whole record, of equal ones the first",
    (sales) => sales.minBy("amount"),
    [FIRST, SECOND, SECOND, SECOND],
  ],
  [
    "minBy takes a function too",
    (sales) => sales.minBy(({ amount }) => amount),
    [FIRST, SECOND, SECOND, SECOND],
  ],
  ["maxBy takes the whole record", (sales) => sales.maxBy("amount"), [FIRST, FIRST, THIRD, THIRD]],
];

describe("a rolling aggregation", () => {
  test.each(cases)("%s", async (_name, method, expected) => {
    const harness = await rolling(method);
    for (const each of [FIRST, SECOND, THIRD, EQUAL]) harness.send(each, 5);
    expect(harness.events()).toEqual(expected.map((each) => `${JSON.stringify(each)}@5`));
  });

  test("leaves the records it was given unchanged", async () => {
    const harness = await rolling((sales) => sales.sum("amount"));
    const given = sale("a", 1, "mine");
    harness.send(given);
    harness.send(given);
    expect(given.amount).toBe(1);
  });

  test("sums per key as a plain loop does", async () => {
    const records = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer()));
    await fc.assert(
      fc.asyncProperty(records, async (given) => {
        const harness = await rolling((sales) => sales.sum("amount"));
        const sums = new Map<string, number>();
        const expected = given.map(([shop, amount]) => {
          const sum = (sums.get(shop) ?? 0) + amount;
          sums.set(shop, sum);
          return JSON.stringify(sale(shop, sum, ""));
        });
        for (const [shop, amount] of given) harness.send(sale(shop, amount, ""));
        expect(harness.events()).toEqual(expected);
      }),
    );
  });

  test("adds up bigints and compares dates", async () => {
    const record = { key: "a", big: 1n, at: new Date(5) };
    const sum = await opened((env) =>
      env
        .fromCollection([record])
        .keyBy(({ key }) => key)
        .sum("big"),
    );
    sum.send({ key: "a", big: 1n });
    sum.send({ key: "a", big: 2n });
    expect(sum.events().at(-1)).toBe('{"key":"a","big":"3n"}');
    const max = await opened((env) =>
      env
        .fromCollection([record])
        .keyBy(({ key }) => key)
        .max("at"),
    );
    max.send({ key: "a", at: new Date(5) });
    max.send({ key: "a", at: new Date(7) });
    max.send({ key: "a", at: new Date(6) });
    expect(max.events().at(-1)).toBe(`{"key":"a","at":"${new Date(7).toISOString()}"}`);
  });

  test.each([
    ["sum", (sales: Sales) => sales.sum("amount"), "DATA_NOT_A_NUMBER"],
    ["max", (sales: Sales) => sales.max("amount"), "DATA_NOT_COMPARABLE"],
    ["minBy", (sales: Sales) => sales.minBy("amount"), "DATA_NOT_COMPARABLE"],
  ])("%s refuses a record without the field", async (_name, method, code) => {
    const harness = await rolling(method);
    expect(() => {
      harness.send(FIRST);
      harness.send({ shop: "a" });
    }).toThrow(expect.objectContaining({ code }));
  });
});
