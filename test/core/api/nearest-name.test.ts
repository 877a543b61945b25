import { describe, expect, test } from "vitest";
import { didYouMean, nearestName } from "../../../core/api/nearest-name.ts";

const names = ["bound", "input", "output", "parallelism"];

describe("the nearest name", () => {
  test.each<[string, string | null]>([
    ["bond", "bound"],
    ["buond", "bound"],
    ["Input", "input"],
    ["paralelism", "parallelism"],
    ["ouptut", "output"],
    ["colour", null],
    ["x", null],
    ["", null],
  ])("of %o is %o", (name, nearest) => {
    expect(nearestName(name, names)).toBe(nearest);
  });

  test("falls back to all names", () => {
    expect(didYouMean("zzz", names)).toBe("there are bound, input, output, parallelism");
    expect(didYouMean("zzz", [])).toBe("there are none");
  });
});
