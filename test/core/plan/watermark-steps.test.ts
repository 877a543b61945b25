import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WatermarkSteps } from "../../../core/plan/plan.ts";
import {
  EVERY_WATERMARK,
  NO_WATERMARK_STEPS,
  crossesStep,
  unionSteps,
} from "../../../core/plan/watermark-steps.ts";
import { MAX_WATERMARK, MIN_WATERMARK } from "../../../core/timestamp.ts";

const steps = (...list: readonly [number, number][]): WatermarkSteps => ({
  kind: "steps",
  steps: list.map(([periodMs, offsetMs]) => ({ periodMs, offsetMs })),
});

describe("crossing a watermark step", () => {
  const hourly = steps([10, -1]);
  test.each<[string, WatermarkSteps, number, number, boolean]>([
    ["before the instant", hourly, 0, 8, false],
    ["onto the instant", hourly, 0, 9, true],
    ["from the instant to before the next", hourly, 9, 18, false],
    ["from the instant to the next", hourly, 9, 19, true],
    ["over the instant of a negative time", hourly, -15, -5, true],
    ["between two instants of a negative time", hourly, -11, -2, false],
    ["from the start", hourly, MIN_WATERMARK, -100, true],
    ["to the end of time", NO_WATERMARK_STEPS, 5, MAX_WATERMARK, true],
    ["without steps", NO_WATERMARK_STEPS, MIN_WATERMARK, 1_000, false],
    ["every: by one", EVERY_WATERMARK, 5, 6, true],
    ["every: not at all", EVERY_WATERMARK, 5, 5, false],
    ["back", EVERY_WATERMARK, 5, 4, false],
    ["the end of time a second time", hourly, MAX_WATERMARK, MAX_WATERMARK, false],
  ])("%s", (_name, given, last, next, crossed) => {
    expect(crossesStep(given, last, next)).toBe(crossed);
  });

  const step = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: -20, max: 20 }));
  const anySteps = fc.array(step, { maxLength: 3 }).map((list) => steps(...list));
  const time = fc.integer({ min: -60, max: 60 });

  test("agrees with looking at every instant", () => {
    fc.assert(
      fc.property(anySteps, time, time, (given, last, next) => {
        expect(crossesStep(given, last, next)).toBe(crossesByLooking(given, last, next));
      }),
    );
  });

  test("a union is crossed exactly when one of its sides is", () => {
    fc.assert(
      fc.property(anySteps, anySteps, time, time, (left, right, last, next) => {
        expect(crossesStep(unionSteps(left, right), last, next)).toBe(
          crossesByLooking(left, last, next) || crossesByLooking(right, last, next),
        );
      }),
    );
  });
});

function crossesByLooking(given: WatermarkSteps, last: number, next: number): boolean {
  if (given.kind === "every") return next > last;
  for (let t = last + 1; t <= next; t += 1) {
    if (given.steps.some((s) => (t - s.offsetMs) % s.periodMs === 0)) return true;
  }
  return false;
}

describe("the union of watermark steps", () => {
  test("keeps one of two equal steps and drops those that a finer one has", () => {
    expect(unionSteps(steps([60, -1], [30, 29]), steps([60, 59], [7, 3]))).toEqual(
      steps([7, 3], [30, 29]),
    );
  });

  test("is `every` as soon as one side is", () => {
    expect(unionSteps(steps([60, 0]), EVERY_WATERMARK)).toEqual(EVERY_WATERMARK);
    expect(unionSteps(EVERY_WATERMARK, NO_WATERMARK_STEPS)).toEqual(EVERY_WATERMARK);
  });

  test("does not depend on the order", () => {
    const left = steps([10, 3], [4, 1]);
    const right = steps([10, 7]);
    expect(unionSteps(left, right)).toEqual(unionSteps(right, left));
  });
});
