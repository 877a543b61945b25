import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IntIndex } from "../../../core/state/int-index.ts";

/** Few keys with many collisions, some of them at the ends of the range. */
const key = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: 0, max: 20 }).map((k) => k << 26),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 0),
);

describe("an index of integers", () => {
  test("finds what a Map finds, through adding, deleting and growing", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 200 }), (steps) => {
        const index = new IntIndex();
        const model = new Map<number, number>();
        steps.forEach(([add, k], slot) => {
          if (add && !model.has(k)) {
            model.set(k, slot);
            index.add(k, slot);
          } else if (!add && model.delete(k)) index.delete(k);
          for (const [, known] of steps) expect(index.find(known)).toBe(model.get(known) ?? -1);
        });
      }),
      { numRuns: 200 },
    );
  });
});
