import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, LimitError, MillraceError } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import {
  type Key,
  keyBytes,
  keyFromIdentity,
  keyGroupOf,
  keyIdentity,
} from "../../../core/record/index.ts";
import { anyKey, anyText } from "./arbitrary-values.ts";
import { errorOf } from "./error-of.ts";

describe("the identity of a key", () => {
  test("is the same exactly for keys that are equal by value, and so are the bytes", () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        const same = equalByValue(a, b);
        expect(keyIdentity(a) === keyIdentity(b)).toBe(same);
        expect(hexOf(a) === hexOf(b)).toBe(same);
      }),
      { numRuns: 5000 },
    );
  });

  test("gives back a key that is equal by value", () => {
    fc.assert(
      fc.property(
        fc.oneof(anyKey, anyText, fc.double(), fc.bigInt(), fc.array(anyText)),
        (key: Key) => {
          expect(equalByValue(keyFromIdentity(keyIdentity(key)), key)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("of a plain string, number, bigint or boolean is the key itself", () => {
    for (const key of ["", "JFK", 0, -1.5, Infinity, 7n, true, false]) {
      expect(keyIdentity(key)).toBe(key);
    }
    expect(keyIdentity(-0)).toBe(0);
  });

  test("works as a Map key for NaN, dates and arrays", () => {
    const counts = new Map([[keyIdentity(["a", [Number.NaN, new Date(5)]]), 1]]);
    expect(counts.get(keyIdentity(["a", [Number.NaN, new Date(5)]]))).toBe(1);
  });

  test.each<[string, unknown, string]>([
    ["null", null, "null cannot be a key"],
    ["undefined", undefined, "undefined cannot be a key"],
    ["an object", { shop: 1 }, 'the object {"shop":1} cannot be a key'],
    ["a function", errorOf, "function errorOf cannot be a key"],
    ["a symbol", Symbol("s"), "Symbol(s) cannot be a key"],
    ["an invalid Date", new Date(Number.NaN), "an invalid Date cannot be a key"],
    ["null within an array", ["a", null], 'null in ["a",null] cannot be a key'],
    ["an object within an array", [[{}]], "the object {} in [[{}]] cannot be a key"],
  ])("refuses %s", (_name, key, message) => {
    for (const use of [keyIdentity, (given: Key) => keyGroupOf(given, 128)]) {
      const error = errorOf(() => use(key as Key));
      expect(error).toBeInstanceOf(DataError);
      expect(error.code).toBe("KEY_UNSUPPORTED");
      expect(error.message).toBe(message);
      expect(error.hint).toContain("tuple");
    }
  });

  test("refuses a key that is too large or too deep", () => {
    const fits = "x".repeat(limits.keyBytesMax - 4);
    expect(keyBytes(keyIdentity(fits)).length).toBe(limits.keyBytesMax);
    for (const key of [
      `${fits}y`,
      "é".repeat(limits.keyBytesMax / 2),
      [fits, 1],
      "x".repeat(1e6),
    ]) {
      const error = errorOf(() => keyBytes(keyIdentity(key)));
      expect(error).toBeInstanceOf(LimitError);
      expect(error.code).toBe("KEY_TOO_LARGE");
    }
    let deep: Key = 1;
    for (let i = 0; i <= limits.valueDepthMax; i++) deep = [deep];
    expect(errorOf(() => keyIdentity(deep)).code).toBe("KEY_TOO_DEEP");
    expect(errorOf(() => keyGroupOf(deep, 128)).code).toBe("KEY_TOO_DEEP");
  });

  test("text that is no identity is refused", () => {
    for (const text of ["\0", "\0x", "\0n1", "\0s5:ab;", "\0(n1;", "\0tt", "\0sx:a", "\0i1.5;"]) {
      expect(errorOf(() => keyFromIdentity(text))).toBeInstanceOf(MillraceError);
    }
  });
});

/** An oracle that knows nothing of identities. */
function equalByValue(a: Key, b: Key): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((part: Key, i) => equalByValue(part, b[i] as Key));
  }
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

function hexOf(key: Key): string {
  return Buffer.from(keyBytes(keyIdentity(key))).toString("hex");
}
