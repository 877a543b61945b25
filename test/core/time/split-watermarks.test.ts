import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SplitWatermarks } from "../../../core/time/split-watermarks.ts";
import type { SplitWatermark } from "../../../core/time/split-watermarks.ts";
import { MIN_WATERMARK } from "../../../core/timestamp.ts";

describe("the watermark of a source subtask", () => {
  test("is the minimum over its splits", () => {
    const splits = new SplitWatermarks();
    const a = splits.add();
    const b = splits.add();
    expect(splits.update(a, 10)).toBe(false);
    expect(splits.update(b, 4)).toBe(true);
    expect(splits.current).toBe(4);
    expect(splits.remove(b)).toBe(true);
    expect(splits.current).toBe(10);
  });

  test("stays where it is when a split is added, until that has caught up", () => {
    const splits = new SplitWatermarks();
    const a = splits.add();
    splits.update(a, 10);
    const b = splits.add();
    expect(splits.update(a, 20)).toBe(false);
    expect(splits.update(b, 3)).toBe(false);
    expect(splits.current).toBe(10);
    expect(splits.update(b, 15)).toBe(true);
    expect(splits.current).toBe(15);
  });

  test("stays, and does not get idle, between two splits", () => {
    const splits = new SplitWatermarks();
    const a = splits.add();
    splits.update(a, 10);
    expect(splits.remove(a)).toBe(false);
    expect([splits.current, splits.idle]).toEqual([10, false]);
  });

  test("rises to the greatest when all splits are idle", () => {
    const splits = new SplitWatermarks();
    const a = splits.add();
    const b = splits.add();
    splits.update(a, 10);
    splits.update(b, 4);
    expect(splits.setIdle(a, true)).toBe(false);
    expect(splits.setIdle(b, true)).toBe(true);
    expect([splits.current, splits.idle]).toEqual([10, true]);
  });

  test("a watermark makes its split active again", () => {
    const splits = new SplitWatermarks();
    const a = splits.add();
    splits.setIdle(a, true);
    expect(splits.idle).toBe(true);
    splits.update(a, 1);
    expect([splits.current, splits.idle]).toEqual([1, false]);
  });

  test("refuses to remove a split twice", () => {
    const splits = new SplitWatermarks();
    const a = splits.add();
    splits.remove(a);
    expect(() => splits.remove(a)).toThrow("SW1");
  });

  test("agrees with a naive computation after every step", () => {
    const step = fc.record({
      pick: fc.nat(),
      action: fc.constantFrom("add", "remove", "update", "update", "update", "idle", "active"),
      watermark: fc.integer({ min: -5, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), (steps) => {
        const splits = new SplitWatermarks();
        const members: { handle: SplitWatermark; watermark: number; idle: boolean }[] = [];
        let expected = MIN_WATERMARK;
        for (const { pick, action, watermark } of steps) {
          const before = splits.current;
          let rose = false;
          const member = members[pick % Math.max(1, members.length)];
          if (action === "add") {
            members.push({ handle: splits.add(), watermark: MIN_WATERMARK, idle: false });
          } else if (member === undefined) {
            continue;
          } else if (action === "remove") {
            members.splice(members.indexOf(member), 1);
            rose = splits.remove(member.handle);
          } else if (action === "update") {
            member.watermark = Math.max(member.watermark, watermark);
            member.idle = false;
            rose = splits.update(member.handle, watermark);
          } else {
            member.idle = action === "idle";
            rose = splits.setIdle(member.handle, member.idle);
          }
          const active = members.filter((each) => !each.idle);
          const counted = active.length > 0 ? active : members;
          const all = counted.map((each) => each.watermark);
          const combined = active.length > 0 ? Math.min(...all) : Math.max(...all);
          if (members.length > 0) expected = Math.max(expected, combined);
          expect(splits.current).toBe(expected);
          expect(rose).toBe(splits.current > before);
          if (members.length > 0) expect(splits.idle).toBe(active.length === 0);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
