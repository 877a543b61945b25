import { expect, test } from "vitest";
import { assembleOperators } from "../../../core/checkpoint/index.ts";
import type { OperatorNode } from "../../../core/plan/plan.ts";
import { fileRef, subtaskState } from "./sample-metadata.ts";

const node = (uid: string, parallelism: number) =>
  ({ uid, name: uid, parallelism, maxParallelism: 128, states: [] }) as unknown as OperatorNode; // what assembling reads

const state = (name: string) => subtaskState([fileRef(name)]);

test("acknowledgements of all subtasks, in any order, become the state by operator", () => {
  const entries = assembleOperators(
    [node("src", 1), node("op", 2), node("sink", 2)],
    [
      {
        subtask: 1,
        operators: new Map([
          ["op", state("o1")],
          ["sink", state("k1")],
        ]),
      },
      { subtask: 0, operators: new Map([["src", state("s0")]]) },
      {
        subtask: 0,
        operators: new Map([
          ["op", state("o0")],
          ["sink", state("k0")],
        ]),
      },
    ],
    new Map([["src", { next: 2 }]]),
  );
  expect(entries.map(({ uid, subtasks, coordinator }) => [uid, subtasks, coordinator])).toEqual([
    ["src", [state("s0")], { state: { next: 2 } }],
    ["op", [state("o0"), state("o1")], null],
    ["sink", [state("k0"), state("k1")], null],
  ]);
});

test("a subtask that did not acknowledge is a defect", () => {
  const acks = [{ subtask: 0, operators: new Map([["op", state("o0")]]) }];
  expect(() => assembleOperators([node("op", 2)], acks, new Map())).toThrow(
    /subtask 1 of op has acknowledged/,
  );
});
