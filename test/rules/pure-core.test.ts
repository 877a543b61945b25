import { describe, expect, test } from "vitest";
import { type SourceFile, sources, withoutComments, withoutStrings } from "./sources.ts";

/** What would make the core depend on time, chance or the machine (law L1). */
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["the wall clock", /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\b/],
  ["randomness", /\bMath\.random\b|\bcrypto\b/],
  ["timers", /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/],
  ["the machine", /\bprocess\.|\bglobalThis\b|(?<![#.\w])fetch\(|\brequire\(|\bconsole\./],
];

function violations({ path, text }: SourceFile): readonly string[] {
  return withoutStrings(withoutComments(text))
    .split("\n")
    .flatMap((line, at) =>
      FORBIDDEN.filter(([, pattern]) => pattern.test(line)).map(
        ([what]) => `${path}:${at + 1} uses ${what}: ${line.trim()}`,
      ),
    );
}

describe("the core", () => {
  test("uses no clock, no randomness, no timer and nothing of the machine", () => {
    expect(sources("core").flatMap(violations)).toEqual([]);
  });

  test.each([
    ["const now = Date.now();", 1],
    ["const now = new Date();", 1],
    ["const then = new Date(timestamp);", 0],
    ["const id = Math.random() + `${Math.random()}`;", 1],
    ["setTimeout(run, 5);", 1],
    ["// setTimeout would be wrong here", 0],
    ['throw new Error("Date.now is no port");', 0],
    ["const path = process.env.HOME;", 1],
  ])("has the right to %s: %d violations", (text, count) => {
    expect(violations({ path: "core/a.ts", text })).toHaveLength(count);
  });
});
