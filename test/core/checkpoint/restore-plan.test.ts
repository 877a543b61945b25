import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type OperatorStateEntry, planRestore } from "../../../core/checkpoint/index.ts";
import type { OperatorNode, StateSpec } from "../../../core/plan/plan.ts";
import { keyGroup, subtaskOfKeyGroup } from "../../../core/record/index.ts";
import { fileRef, metadataOf, operatorEntry, subtaskState } from "./sample-metadata.ts";

function node(uid: string, parallelism: number, rest: Partial<OperatorNode> = {}): OperatorNode {
  return {
    uid,
    uidGiven: true,
    name: uid,
    kind: "process",
    config: {},
    parallelism,
    maxParallelism: 128,
    slotSharingGroup: "default",
    chaining: "always",
    keyed: true,
    states: [],
    watermarkSteps: null,
    guarantee: null,
    ...rest,
  };
}

const state = (name: string, kind: StateSpec["kind"]): StateSpec => ({
  name,
  kind,
  version: 1,
  ttlMs: null,
});

const keyedEntry = (uid: string, parallelism: number, rest: Partial<OperatorStateEntry> = {}) =>
  operatorEntry(
    uid,
    Array.from({ length: parallelism }, (_, subtask) =>
      subtaskState([fileRef(`${uid}-${subtask}.base`), fileRef(`${uid}-${subtask}.segment`)]),
    ),
    rest,
  );

const STRICT = { allowNonRestoredState: false };
const LENIENT = { allowNonRestoredState: true };

const keysOf = (
  entry: OperatorStateEntry,
  target: OperatorNode,
): readonly (readonly string[][])[] => {
  const plan = planRestore(metadataOf(7, [entry]), [target], STRICT).operators.get(entry.uid);
  return (plan?.subtasks ?? []).map(({ keyed }) =>
    keyed.map((files) => files.map(({ key }) => key)),
  );
};

describe("a restore plan", () => {
  test("gives each subtask its own files back when the parallelism stays", () => {
    expect(keysOf(keyedEntry("op", 2), node("op", 2))).toEqual([
      [["op-0.base", "op-0.segment"]],
      [["op-1.base", "op-1.segment"]],
    ]);
  });

  test("3 -> 2: the middle files are read by both", () => {
    const files = (subtask: number): string[] => [`op-${subtask}.base`, `op-${subtask}.segment`];
    expect(keysOf(keyedEntry("op", 3), node("op", 2))).toEqual([
      [files(0), files(1)],
      [files(1), files(2)],
    ]);
  });

  test("every key finds the files of the subtask that had it, for any two parallelisms", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.string(),
        (max, old, now, key) => {
          const maxParallelism = Math.max(max, old, now);
          const group = keyGroup(key, maxParallelism);
          const had = subtaskOfKeyGroup(group, old, maxParallelism);
          const has = subtaskOfKeyGroup(group, now, maxParallelism);
          const entry = keyedEntry("op", old, { maxParallelism });
          const keys = keysOf(entry, node("op", now, { maxParallelism }))[has];
          expect(keys?.map(([base]) => base)).toContain(`op-${had}.base`);
        },
      ),
    );
  });

  test("hands out operator state anew, and says whether the key groups stayed", () => {
    const entry = operatorEntry("src", [
      subtaskState([], { lists: { splits: ["a", "b"] }, unions: { seen: [1] } }),
      subtaskState([], { lists: { splits: ["c"] }, unions: { seen: [2] } }),
    ]);
    const unkeyed = (parallelism: number) => node("src", parallelism, { keyed: false });
    const plan = (parallelism: number) =>
      planRestore(metadataOf(7, [entry]), [unkeyed(parallelism)], STRICT).operators.get("src");
    expect(plan(2)?.sameKeyGroups).toBe(true);
    expect(plan(2)?.subtasks[0]?.operatorState.lists).toEqual({ splits: ["a", "b"] });
    expect(plan(2)?.subtasks[1]?.operatorState.unions).toEqual({ seen: [1, 2] });
    expect(plan(1)?.sameKeyGroups).toBe(false);
    expect(plan(1)?.subtasks[0]?.operatorState.lists).toEqual({ splits: ["a", "b", "c"] });
  });

  test("gives the coordinator's state back", () => {
    const entry = operatorEntry("src", [subtaskState([])], { coordinator: { state: { next: 3 } } });
    const plan = planRestore(metadataOf(7, [entry]), [node("src", 4, { keyed: false })], STRICT);
    expect(plan.operators.get("src")?.coordinator).toEqual({ state: { next: 3 } });
    expect(plan.checkpoint).toBe(7);
  });

  test("has nothing for operators that are new or had no state", () => {
    const empty = operatorEntry("map", [subtaskState([], { lists: { epochs: [] } })]);
    const plan = planRestore(metadataOf(7, [empty]), [node("map", 1), node("new", 1)], STRICT);
    expect([...plan.operators]).toEqual([]);
  });

  interface Refusal {
    readonly name: string;
    readonly entries: readonly OperatorStateEntry[];
    readonly nodes: readonly OperatorNode[];
    readonly code: string;
    readonly says: string;
    /** Whether `allowNonRestoredState` lets it pass. */
    readonly allowed: boolean;
  }
  const refusals: readonly Refusal[] = [
    {
      name: "state of an operator that is gone, with the uids that are new",
      entries: [keyedEntry("hourly", 1, { name: "hourly delays" }), keyedEntry("kept", 1)],
      nodes: [node("kept", 1), node("per-hour", 1)],
      code: "RESTORE_UNMATCHED_STATE",
      says: "job flights, checkpoint 7: the checkpoint has state of operators that the job does not have: hourly (hourly delays); give the operators their old uid again (new in the job: per-hour), or allow the loss with --allow-non-restored-state",
      allowed: true,
    },
    {
      name: "operator state alone counts",
      entries: [operatorEntry("sink", [subtaskState([], { lists: { committables: [1] } })])],
      nodes: [],
      code: "RESTORE_UNMATCHED_STATE",
      says: "sink",
      allowed: true,
    },
    {
      name: "coordinator state alone counts",
      entries: [operatorEntry("src", [subtaskState([])], { coordinator: { state: null } })],
      nodes: [],
      code: "RESTORE_UNMATCHED_STATE",
      says: "src",
      allowed: true,
    },
    {
      name: "another max parallelism",
      entries: [keyedEntry("op", 2)],
      nodes: [node("op", 2, { maxParallelism: 256 })],
      code: "RESTORE_MAX_PARALLELISM",
      says: "max parallelism is 256, but the checkpoint was taken with 128; set maxParallelism to 128",
      allowed: false,
    },
    {
      name: "keyed state of an operator that has no key any more",
      entries: [keyedEntry("op", 1, { states: [state("sum", "value"), state("all", "list")] })],
      nodes: [node("op", 1, { keyed: false, kind: "map" })],
      code: "RESTORE_NOT_KEYED",
      says: "keyed state, but the operator (map) has no key; give the operator another uid, or allow the loss of sum, all",
      allowed: true,
    },
    {
      name: "a state that changed its kind",
      entries: [keyedEntry("op", 1, { states: [state("sum", "value")] })],
      nodes: [node("op", 1, { states: [state("sum", "list")] })],
      code: "RESTORE_STATE_KIND",
      says: "state sum is declared as list, but was value in the checkpoint",
      allowed: false,
    },
  ];
  test.each(refusals.map((each) => [each.name, each] as const))(
    "refuses: %s",
    (_name, { entries, nodes, code, says, allowed }) => {
      const metadata = metadataOf(7, entries);
      const restore = (options: typeof STRICT): unknown => {
        try {
          return planRestore(metadata, nodes, options);
        } catch (error) {
          return error;
        }
      };
      const error = restore(STRICT) as { code: string; describe: () => string };
      expect(error.code).toBe(code);
      expect(error.describe()).toContain(says);
      expect(restore(LENIENT) instanceof Error).toBe(!allowed);
    },
  );

  test("allows another max parallelism where no key group is stored", () => {
    const entry = operatorEntry("src", [subtaskState([], { lists: { splits: ["a"] } })]);
    const target = node("src", 1, { keyed: false, maxParallelism: 256 });
    expect(planRestore(metadataOf(7, [entry]), [target], STRICT).operators.size).toBe(1);
  });

  test("drops the lost state and keeps the rest when that is allowed", () => {
    const metadata = metadataOf(7, [keyedEntry("gone", 1), keyedEntry("kept", 1)]);
    const plan = planRestore(metadata, [node("kept", 1)], LENIENT);
    expect([...plan.operators.keys()]).toEqual(["kept"]);
  });
});
