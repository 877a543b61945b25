import { describe, expect, test } from "vitest";
import { IdlenessTimer } from "../../../core/time/idleness.ts";

describe("an idleness timer", () => {
  test("starts its clock at the first check without a record, not at the last record", () => {
    const timer = new IdlenessTimer(100);
    timer.activity();
    expect(timer.check(1_000)).toBe(false);
    expect(timer.check(5_000)).toBe(false);
    expect(timer.check(5_050)).toBe(false);
    expect(timer.check(5_101)).toBe(true);
  });

  test.each([
    { elapsed: 99, idle: false },
    { elapsed: 100, idle: false },
    { elapsed: 101, idle: true },
  ])("after $elapsed of 100 ms idle is $idle", ({ elapsed, idle }) => {
    const timer = new IdlenessTimer(100);
    timer.check(0);
    expect(timer.check(elapsed)).toBe(idle);
  });

  test("is reset by a record", () => {
    const timer = new IdlenessTimer(100);
    timer.check(0);
    expect(timer.check(500)).toBe(true);
    timer.activity();
    expect(timer.check(501)).toBe(false);
    expect(timer.check(502)).toBe(false);
    expect(timer.check(603)).toBe(true);
  });

  test("knows from when on a check can say idle", () => {
    const timer = new IdlenessTimer(100);
    expect(timer.idleFrom).toBeNull();
    timer.check(50);
    expect(timer.idleFrom).toBe(151);
    expect(timer.check(151)).toBe(true);
    timer.activity();
    expect(timer.idleFrom).toBeNull();
  });
});
