import { describe, expect, test } from "vitest";
import { FaultInjector } from "./fault-injector.ts";
import type { FaultPlan } from "./fault-plan.ts";

/** Calls at two places in turn, with `skipped` calls at the other place left out. */
function strikes(plan: FaultPlan, skipped = 0): readonly string[] {
  const injector = new FaultInjector(4, plan);
  const one = injector.place("ledger.append", "one");
  const other = injector.place("ledger.append", "other");
  for (let i = 0; i < 200; i += 1) {
    injector.strike(one, injector.next(one));
    if (i >= skipped) injector.strike(other, injector.next(other));
  }
  return injector.struck;
}

const mixed: FaultPlan = { rates: { throttle: 0.1, lost: 0.1, "crash-before": 0.05 } };

describe("a fault injector", () => {
  test("decides for each occurrence by itself (F1)", () => {
    const ofOne = (list: readonly string[]): readonly string[] =>
      list.filter((name) => name.includes(":one#"));
    expect(strikes(mixed, 57).length).toBeLessThan(strikes(mixed).length);
    expect(ofOne(strikes(mixed, 57))).toEqual(ofOne(strikes(mixed)));
  });

  test("repeats exactly what is listed (F2)", () => {
    const struck = strikes(mixed);
    expect(strikes({ rates: {}, only: struck })).toEqual(struck);
    const fewer = struck.filter((_, at) => at % 3 !== 0);
    expect(strikes({ rates: {}, only: fewer })).toEqual(fewer);
  });

  test("keeps to the rates", () => {
    const count = strikes({ rates: { throttle: 0.1 } }).length;
    expect(count).toBeGreaterThan(20);
    expect(count).toBeLessThan(60);
  });

  test("hides no kind behind another", () => {
    const kinds = strikes({ rates: { throttle: 1, fail: 1, lost: 1 } }).map(
      (name) => name.split("@", 1)[0],
    );
    for (const kind of ["throttle", "fail", "lost"]) {
      expect(kinds.filter((each) => each === kind).length).toBeGreaterThan(90);
    }
  });

  test("lists where a kind could have struck", () => {
    const injector = new FaultInjector(4, { rates: {} });
    for (const [kind, times] of [
      ["ledger.append", 2],
      ["blob.get", 1],
    ] as const) {
      const place = injector.place(kind, "r");
      for (let i = 0; i < times; i += 1) injector.next(place);
    }
    expect(injector.possible("lost")).toEqual(["lost@ledger.append:r#1", "lost@ledger.append:r#2"]);
    expect(injector.possible("fail")).toHaveLength(3);
  });

  test("rests when it is off (F3)", () => {
    const injector = new FaultInjector(4, { rates: { throttle: 1 } });
    const place = injector.place("ledger.append", "one");
    injector.off();
    expect(injector.strike(place, injector.next(place))).toBeNull();
    expect(injector.strikeOf("throttle", place, injector.next(place))).toBeNull();
  });
});
