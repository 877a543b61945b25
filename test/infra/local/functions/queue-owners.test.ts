import { describe, expect, test } from "vitest";
import { QueueOwners } from "../../../../infra/local/functions/queue-owners.ts";

interface FakeWorker {
  readonly name: string;
  isFree: boolean;
  busySinceMs: number | null;
}

function worker(name: string): FakeWorker {
  return { name, isFree: true, busySinceMs: null };
}

function busy(of: FakeWorker, sinceMs: number): void {
  of.isFree = false;
  of.busySinceMs = sinceMs;
}

describe("a queue", () => {
  test("stays with its worker, and waits a while when that is busy", () => {
    const [first, second] = [worker("first"), worker("second")];
    const owners = new QueueOwners<FakeWorker>(250);
    owners.took("a", first);
    expect(owners.choose("a", [second, first], 0)).toBe(first);
    busy(first, 1_000);
    expect(owners.choose("a", [first, second], 1_249)).toBeNull();
    expect(owners.readyAt("a", [first, second], 1_249)).toBe(1_250);
    expect(owners.choose("a", [first, second], 1_250)).toBe(second);
    expect(owners.readyAt("a", [first, second], 1_250)).toBe(0);
  });

  test("changes at once when that levels the loads", () => {
    const [first, second] = [worker("first"), worker("second")];
    const owners = new QueueOwners<FakeWorker>(250);
    for (const [queue, ms] of [
      ["heavy", 600],
      ["light", 500],
    ] as const) {
      owners.took(queue, first);
      owners.worked(queue, ms);
    }
    busy(first, 0);
    expect(owners.choose("light", [first, second], 1)).toBe(second);
    owners.took("light", second);
    expect(owners.choose("heavy", [first, second], 1)).toBeNull();
  });

  test("has nobody while all are busy, and another one when its worker is gone", () => {
    const [first, second] = [worker("first"), worker("second")];
    const owners = new QueueOwners<FakeWorker>(250);
    owners.took("a", first);
    busy(first, 0);
    busy(second, 0);
    expect(owners.choose("a", [first, second], 9_999)).toBeNull();
    expect(owners.readyAt("a", [first, second], 9_999)).toBe(Infinity);
    second.isFree = true;
    owners.forget(first);
    expect(owners.choose("a", [second], 0)).toBe(second);
  });
});
