import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OperatorStateSnapshot } from "../../../core/state/index.ts";
import {
  OperatorStateStore,
  mapState,
  redistributeOperatorState,
} from "../../../core/state/index.ts";

describe("operator state", () => {
  test("keeps lists, unions and broadcast state, and restores them", () => {
    const store = new OperatorStateStore();
    const splits = store.list<string>("splits");
    const offsets = store.union<number>("offsets");
    const rules = store.broadcast(mapState<readonly [string, number], string | null>("rules"));
    splits.update(["a", "b"]);
    offsets.update([1]);
    rules.put(["x", 1], "one");
    rules.put(["y", 2], null);
    const snapshot = store.snapshot();
    splits.update([]);
    rules.remove(["x", 1]);
    rules.clear();
    expect(snapshot).toEqual({
      lists: { splits: ["a", "b"] },
      unions: { offsets: [1] },
      broadcasts: {
        rules: [
          [["x", 1], "one"],
          [["y", 2], null],
        ],
      },
    });
    const other = new OperatorStateStore();
    const declaredBefore = other.list<string>("splits");
    other.restore(snapshot);
    const restored = other.broadcast(mapState<readonly [string, number], string | null>("rules"));
    expect(other.unclaimedStates()).toEqual(["offsets"]);
    expect(declaredBefore.get()).toEqual(["a", "b"]);
    expect(restored.get(["x", 1])).toBe("one");
    expect(restored.get(["y", 2])).toBeNull();
    expect(restored.contains(["y", 2])).toBe(true);
    expect(restored.contains(["z", 2])).toBe(false);
    expect(restored.size).toBe(2);
    expect([...restored.entries()]).toEqual(snapshot.broadcasts["rules"]);
    expect(other.snapshot()).toEqual(snapshot);
  });

  test("does not take over the array that a list is updated with", () => {
    const list = new OperatorStateStore().list<number>("l");
    const mine = [1];
    list.update(mine);
    mine.push(2);
    expect(list.get()).toEqual([1]);
  });

  test("is undone to a mark of its journal", () => {
    const store = new OperatorStateStore();
    store.enableJournal();
    const list = store.list<number>("l");
    const rules = store.broadcast(mapState<string, { n: number }>("r"));
    list.update([1]);
    rules.put("a", { n: 1 });
    rules.put("b", { n: 2 });
    store.journal?.release();
    const before = store.snapshot();
    const mark = store.journal?.mark();
    list.update([2]);
    rules.remove("a");
    rules.put("b", { n: 3 });
    rules.put("c", { n: 4 });
    const held = rules.get("b");
    if (held !== null) held.n = 5;
    rules.clear();
    store.journal?.rollback(mark);
    expect(store.snapshot()).toEqual(before);
  });

  test("in strict mode is frozen and must fit the codec", () => {
    const store = new OperatorStateStore({ strict: true });
    const list = store.list<{ n: number }>("l");
    const mine = { n: 1 };
    list.update([mine]);
    mine.n = 2;
    expect(list.get()).toEqual([{ n: 1 }]);
    expect(Object.isFrozen(list.get()[0])).toBe(true);
    expect(() => list.update([() => 1] as never)).toThrow();
    const rules = store.broadcast(mapState<string, object>("r"));
    rules.put("a", {});
    expect(Object.isFrozen(rules.get("a"))).toBe(true);
  });

  test.each([
    [
      "a name twice",
      "STATE_DUPLICATE_NAME",
      (s: OperatorStateStore) => [s.list("a"), s.union("a")],
    ],
    ["a bad name", "STATE_NAME", (s: OperatorStateStore) => s.list("a b")],
    [
      "undefined in a list",
      "STATE_UNDEFINED",
      (s: OperatorStateStore) => s.list("a").update([undefined]),
    ],
    [
      "undefined in a broadcast state",
      "STATE_UNDEFINED",
      (s: OperatorStateStore) => s.broadcast(mapState("a")).put("a", undefined),
    ],
  ])("refuses %s", (_name, code, action) => {
    expect(() => action(new OperatorStateStore())).toThrow(expect.objectContaining({ code }));
  });
});

const elements = fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 6 });
const snapshot: fc.Arbitrary<OperatorStateSnapshot> = fc.record({
  lists: fc.record({ splits: elements, others: elements }, { requiredKeys: [] }),
  unions: fc.record({ offsets: elements }, { requiredKeys: [] }),
  broadcasts: fc.constant({ rules: [["a", 1]] as const }),
});
const old = fc.array(snapshot, { minLength: 1, maxLength: 4 });

function all(
  snapshots: readonly OperatorStateSnapshot[],
  of: "lists" | "unions",
  name: string,
): unknown[] {
  return snapshots.flatMap((each) => each[of][name] ?? []);
}

describe("operator state after a restore", () => {
  test("leaves lists where they were when the parallelism is the same", () => {
    fc.assert(
      fc.property(old, (before) => {
        const after = redistributeOperatorState(before, before.length);
        expect(after.map(({ lists }) => lists)).toEqual(before.map(({ lists }) => lists));
      }),
    );
  });

  test("deals lists out evenly otherwise, and loses and doubles nothing", () => {
    fc.assert(
      fc.property(old, fc.integer({ min: 1, max: 6 }), (before, parallelism) => {
        fc.pre(parallelism !== before.length);
        const after = redistributeOperatorState(before, parallelism);
        expect(after.length).toBe(parallelism);
        for (const name of ["splits", "others"]) {
          const sizes = after.map(({ lists }) => lists[name]?.length ?? 0);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          const numbers = (ones: typeof after): unknown[] => all(ones, "lists", name).toSorted();
          expect(numbers(after)).toEqual(numbers([...before]));
        }
      }),
    );
  });

  test("gives all elements of a union and one copy of broadcast state to everyone", () => {
    fc.assert(
      fc.property(old, fc.integer({ min: 1, max: 6 }), (before, parallelism) => {
        for (const after of redistributeOperatorState(before, parallelism)) {
          expect(after.unions["offsets"] ?? []).toEqual(all(before, "unions", "offsets"));
          expect(after.broadcasts).toEqual({ rules: [["a", 1]] });
        }
      }),
    );
  });

  test("copies broadcast state to new subtasks from one old subtask and does not merge", () => {
    const of = (value: number): OperatorStateSnapshot => ({
      lists: {},
      unions: {},
      broadcasts: { rules: [["a", value]] },
    });
    const after = redistributeOperatorState([of(1), of(2)], 3);
    expect(after.map(({ broadcasts }) => broadcasts["rules"])).toEqual([
      [["a", 1]],
      [["a", 2]],
      [["a", 1]],
    ]);
  });
});
