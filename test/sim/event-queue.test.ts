import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

describe("a queue of events", () => {
  test("gives events by time, and those of one instant in their order (Q1)", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (times) => {
        const queue = new EventQueue();
        const ran: [at: number, order: number][] = [];
        times.forEach((at, order) => queue.add(at, () => ran.push([at, order])));
        while (queue.size > 0) queue.take()?.run();
        const sorted = times.map((at, order) => [at, order]).sort((a, b) => a[0]! - b[0]!);
        expect(ran).toEqual(sorted);
      }),
    );
  });

  test("tells when the next one is", () => {
    const queue = new EventQueue();
    expect(queue.nextAt).toBe(Number.POSITIVE_INFINITY);
    queue.add(7, () => undefined);
    queue.add(3, () => undefined);
    expect(queue.nextAt).toBe(3);
  });
});
