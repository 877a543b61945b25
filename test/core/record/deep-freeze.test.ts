import { describe, expect, test } from "vitest";
import { deepFreeze, roundTrip } from "../../../core/record/index.ts";
import { errorOf } from "./error-of.ts";

describe("a deeply frozen value", () => {
  const make = () =>
    deepFreeze({
      list: [{ a: 1 }],
      map: new Map([["k", { b: [1] }]]),
      set: new Set([1]),
      at: new Date(5),
    });

  test.each<[string, (value: ReturnType<typeof make>) => void]>([
    ["a field", (value) => (value.list = [])],
    ["an item's field", (value) => ((value.list[0] as { a: number }).a = 2)],
    ["an array", (value) => value.list.push({ a: 2 })],
    ["a value in a Map", (value) => value.map.get("k")?.b.push(2)],
  ])("refuses a change of %s", (_name, change) => {
    expect(() => change(make())).toThrow(TypeError);
  });

  test.each<[string, (value: ReturnType<typeof make>) => void]>([
    ["set of a Map", (value) => value.map.set("k", { b: [] })],
    ["delete of a Map", (value) => value.map.delete("k")],
    ["clear of a Map", (value) => value.map.clear()],
    ["add of a Set", (value) => value.set.add(2)],
    ["setTime of a Date", (value) => value.at.setTime(0)],
    ["setUTCHours of a Date", (value) => value.at.setUTCHours(0)],
  ])("refuses %s by a worded error", (_name, change) => {
    expect(errorOf(() => change(make())).code).toBe("VALUE_FROZEN");
  });

  test("still goes through the codec and can then be changed again", () => {
    const copy = roundTrip(make());
    expect(copy).toEqual({
      list: [{ a: 1 }],
      map: new Map([["k", { b: [1] }]]),
      set: new Set([1]),
      at: new Date(5),
    });
    copy.map.set("k", { b: [] });
    copy.list.push({ a: 3 });
  });

  test("may contain itself, typed arrays and values that are frozen on the surface only", () => {
    const own: Record<string, unknown> = {
      bytes: new Uint8Array([1]),
      inner: Object.freeze([{ a: 1 }]),
    };
    own["self"] = own;
    deepFreeze(own);
    expect(() => (((own["inner"] as { a: number }[])[0] as { a: number }).a = 2)).toThrow(
      TypeError,
    );
  });

  test("is the value itself, and primitives pass", () => {
    const value = { a: 1 };
    expect(deepFreeze(value)).toBe(value);
    for (const one of [null, undefined, 1, "x", 1n]) expect(deepFreeze(one)).toBe(one);
  });
});
