import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExecutionGraph, Partitioning } from "../../../core/plan/plan.ts";
import { Topology, operatorImplementation } from "./topology.ts";

function between(partitioning: Partitioning, from: number, to: number): ExecutionGraph {
  const t = new Topology();
  const source = t.source("s", { parallelism: from });
  t.sink([t.from(source, { partitioning })], { parallelism: to, chaining: "never" });
  return t.program().plan.executionGraph;
}

const pairs = (graph: ExecutionGraph): readonly string[] =>
  graph.channels.map((channel) => `${channel.from}-${channel.to}`);

describe("the channels of an edge", () => {
  test.each<[Partitioning, number, number, readonly string[]]>([
    ["forward", 3, 3, ["0-0", "1-1", "2-2"]],
    ["hash", 2, 2, ["0-0", "0-1", "1-0", "1-1"]],
    ["rebalance", 2, 1, ["0-0", "1-0"]],
    ["broadcast", 1, 2, ["0-0", "0-1"]],
    ["shuffle", 1, 2, ["0-0", "0-1"]],
    ["global", 2, 2, ["0-0", "0-1", "1-0", "1-1"]],
    ["rescale", 2, 4, ["0-0", "0-1", "1-2", "1-3"]],
    ["rescale", 4, 2, ["0-0", "1-0", "2-1", "3-1"]],
    ["rescale", 2, 3, ["0-0", "0-1", "1-2"]],
    ["rescale", 3, 2, ["0-0", "1-1", "2-1"]],
  ])("%s from %i to %i", (partitioning, from, to, expected) => {
    expect(pairs(between(partitioning, from, to))).toEqual(expected);
  });

  test("a rescale edge gives every receiver Flink's senders", () => {
    const side = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(side, side, (from, to) => {
        const expected: string[] = [];
        for (let receiver = 0; receiver < to; receiver += 1) {
          const first = Math.floor((receiver * from) / to);
          const end = Math.max(first + 1, Math.floor(((receiver + 1) * from) / to));
          for (let sender = first; sender < end; sender += 1)
            expected.push(`${sender}-${receiver}`);
        }
        expect([...pairs(between("rescale", from, to))].sort()).toEqual(expected.sort());
      }),
    );
  });
});

describe("subtasks", () => {
  test("of a keyed task share the key groups without gap or overlap", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 300 }), (p, max) => {
        const t = new Topology();
        const keyed = t.operator("sum", [t.from(t.source("s"), { partitioning: "hash" })], {
          keyed: true,
          implementation: operatorImplementation("sum"),
          parallelism: p,
          maxParallelism: max,
        });
        t.sink(keyed);
        const { subtasks } = t.program().plan.executionGraph;
        const ranges = subtasks.flatMap((subtask) => subtask.keyGroups ?? []);
        const groups = ranges.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        );
        expect(ranges).toHaveLength(p);
        expect(groups).toEqual(Array.from({ length: max }, (_, group) => group));
      }),
    );
  });

  test("of a task without key have no key groups", () => {
    const t = new Topology();
    t.sink(t.source("s"));
    const { subtasks } = t.program({ parallelism: 2 }).plan.executionGraph;
    expect(subtasks.map(({ index, keyGroups }) => [index, keyGroups])).toEqual([
      [0, null],
      [1, null],
    ]);
  });
});
