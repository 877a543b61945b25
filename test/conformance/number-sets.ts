import { describe, expect, test } from "vitest";
import { type CallScope, type NumberSets, unbounded } from "../../core/ports/index.ts";
import { LostResponse, losingNextResponse } from "./lost-response.ts";
import { type Skipped, overScope } from "./scopes.ts";

export interface NumberSetsHarness {
  /** Without any set. */
  readonly sets: NumberSets;
  readonly asksScope: true | Skipped;
}

const ascending = (members: readonly number[]): number[] => [...members].sort((a, b) => a - b);

/** What all number sets do. */
export function numberSetsConformance(name: string, open: () => Promise<NumberSetsHarness>): void {
  const opened = async (): Promise<NumberSets> => (await open()).sets;
  const add = async (sets: NumberSets, member: number, set = "job/1/acks/7"): Promise<number[]> =>
    ascending(await sets.add(set, member, unbounded));
  const members = async (sets: NumberSets, set = "job/1/acks/7"): Promise<number[]> =>
    ascending(await sets.members(set, unbounded));

  describe(`number sets (${name})`, () => {
    test("are empty where nothing was added", async () => {
      expect(await members(await opened())).toEqual([]);
    });

    test("answer an add with all members, the new one among them", async () => {
      const sets = await opened();
      expect(await add(sets, 20)).toEqual([20]);
      expect(await add(sets, 3)).toEqual([3, 20]);
      expect(await members(sets)).toEqual([3, 20]);
    });

    test("do not change when a member is added again", async () => {
      const sets = await opened();
      await add(sets, 1);
      await add(sets, 2);
      expect(await add(sets, 1)).toEqual([1, 2]);
      expect(await members(sets)).toEqual([1, 2]);
    });

    test("hold every safe integer from 0 on, each by itself", async () => {
      const sets = await opened();
      const all = [0, 1, 10, 4_294_967_295, 4_294_967_296, 9_007_199_254_740_991];
      for (const member of [...all].reverse()) await add(sets, member);
      expect(await members(sets)).toEqual(all);
    });

    test.each([-1, 0.5, 9_007_199_254_740_992])("refuse %d as a member", async (member) => {
      const sets = await opened();
      await expect(add(sets, member)).rejects.toThrow("natural number");
      expect(await members(sets)).toEqual([]);
    });

    test("have all members of many concurrent adds, and one of these sees them all", async () => {
      const sets = await opened();
      const all = Array.from({ length: 40 }, (_, member) => member);
      const seen = await Promise.all(all.map((member) => add(sets, member)));
      seen.forEach((each, member) => expect(each).toContain(member));
      expect(Math.max(...seen.map(({ length }) => length))).toBe(40);
      expect(await members(sets)).toEqual(all);
    });

    test("have the member although the answer of its add is lost", async () => {
      const sets = await opened();
      const losing = losingNextResponse(sets, "add");
      await expect(add(losing, 5)).rejects.toThrow(LostResponse);
      expect(await members(sets)).toEqual([5]);
      expect(await add(losing, 5)).toEqual([5]);
    });

    test("are gone when they are dropped, and begin anew with the next add", async () => {
      const sets = await opened();
      await add(sets, 1);
      await sets.drop("job/1/acks/7", unbounded);
      expect(await members(sets)).toEqual([]);
      expect(await add(sets, 2)).toEqual([2]);
    });

    test("can be dropped twice, and where there is none", async () => {
      const sets = await opened();
      await add(sets, 1);
      await sets.drop("job/1/acks/7", unbounded);
      await sets.drop("job/1/acks/7", unbounded);
      await sets.drop("never", unbounded);
      expect(await members(sets)).toEqual([]);
    });

    test("keep names apart, also for drops", async () => {
      const sets = await opened();
      const names = ["a", "a/b", "a%2Fb", "..", "A b:c", "ä"];
      for (const [member, set] of names.entries()) await add(sets, member, set);
      for (const [member, set] of names.entries())
        expect(await members(sets, set)).toEqual([member]);
      await sets.drop("a", unbounded);
      expect(await members(sets, "a/b")).toEqual([1]);
    });

    test("do nothing for a caller that is gone", async ({ skip }) => {
      const { sets, asksScope } = await open();
      if (asksScope !== true) return skip(asksScope.skipped);
      await add(sets, 1, "a");
      const calls: ((scope: CallScope) => Promise<unknown>)[] = [
        (scope) => sets.add("a", 2, scope),
        (scope) => sets.members("a", scope),
        (scope) => sets.drop("a", scope),
      ];
      for (const call of calls) {
        await expect(call(overScope)).rejects.toMatchObject({ code: "STORAGE_CALL_OVER" });
      }
      expect(await members(sets, "a")).toEqual([1]);
    });
  });
}
