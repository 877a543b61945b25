import { describe, expect, test } from "vitest";
import { faultKinds } from "./fault-kind.ts";
import { drawFaultPlan, parseFaultPlan } from "./fault-plan.ts";
import { Stream } from "./random.ts";

const plans = Array.from({ length: 1_000 }, (_, seed) => drawFaultPlan(Stream.of(seed)));
const kindsOf = (rates: object): number => Object.keys(rates).length;

describe("a drawn plan", () => {
  test("has no fault in one run of ten, and one kind in one of five", () => {
    const without = plans.filter(({ rates }) => kindsOf(rates) === 0).length;
    const single = plans.filter(({ rates }) => kindsOf(rates) === 1).length;
    expect(without).toBeGreaterThan(70);
    expect(without).toBeLessThan(130);
    expect(single).toBeGreaterThan(160);
    expect(single).toBeLessThan(250);
  });

  test("has every kind at some time, but what loses messages", () => {
    const drawn = new Set(plans.flatMap(({ rates }) => Object.keys(rates)));
    expect(faultKinds.filter((kind) => !drawn.has(kind))).toEqual(["vanish"]);
  });

  test("is read back from JSON", () => {
    const listed = { rates: {}, only: ["lost@ledger.append:r#1"] };
    for (const plan of [...plans.slice(0, 50), listed]) {
      expect(parseFaultPlan(JSON.stringify(plan))).toEqual(plan);
    }
  });
});

test.each([
  ['{"rates":{"thunder":0.1}}', 'unknown kind (got "thunder")'],
  ['{"rates":{"throttle":2}}', "rate of throttle (got 2)"],
  ['{"rates":{},"only":[1]}', "only is no list of occurrences"],
  ['{"rates":{},"only":"all"}', "only is no list of occurrences"],
])("a plan like %s is refused: %s", (json, reason) => {
  expect(() => parseFaultPlan(json)).toThrow(reason);
});
