import { describe, expect, test } from "vitest";
import { Topology } from "./topology.ts";
import type { Program } from "../../../core/runtime/program.ts";

/** The chains by name, e.g. `["a -> b", "c"]`. */
function chains(program: Program): readonly string[] {
  return program.plan.jobGraph.vertices.map((vertex) => vertex.name);
}

describe("operator chaining", () => {
  test("puts a forward pipeline of one parallelism into one task", () => {
    const t = new Topology();
    t.sink(t.operator("map", t.operator("filter", t.source("s"))));
    const { jobGraph } = t.program({ parallelism: 3 }).plan;
    expect(jobGraph.vertices.map((vertex) => vertex.name)).toEqual(["s -> filter -> map -> sink"]);
    expect(jobGraph.edges).toEqual([]);
    expect(jobGraph.vertices[0]?.chained).toHaveLength(3);
  });

  test.each(["hash", "rebalance", "rescale", "shuffle", "broadcast", "global"] as const)(
    "ends a chain at a %s edge",
    (partitioning) => {
      const t = new Topology();
      const map = t.operator("map", [t.from(t.source("s"), { partitioning })]);
      t.sink(map);
      const program = t.program();
      expect(chains(program)).toEqual(["s", "map -> sink"]);
      expect(program.plan.jobGraph.edges[0]?.partitioning).toBe(partitioning);
    },
  );

  test("ends a chain where the parallelism changes, and rebalances there as Flink does", () => {
    const t = new Topology();
    t.sink(t.operator("map", t.source("s", { parallelism: 1 }), { parallelism: 2 }), {
      parallelism: 2,
    });
    const program = t.program();
    expect(chains(program)).toEqual(["s", "map -> sink"]);
    expect(program.plan.jobGraph.edges[0]?.partitioning).toBe("rebalance");
  });

  test.each([
    ["never", ["s", "map", "sink"]],
    ["head", ["s", "map -> sink"]],
    ["always", ["s -> map -> sink"]],
  ] as const)("an operator that chains %s", (chaining, expected) => {
    const t = new Topology();
    t.sink(t.operator("map", t.source("s"), { chaining }));
    expect(chains(t.program())).toEqual(expected);
  });

  test("ends a chain between slot sharing groups, and what follows inherits the group", () => {
    const t = new Topology();
    t.sink(t.operator("map", t.source("s"), { slotSharingGroup: "heavy" }));
    const program = t.program();
    expect(chains(program)).toEqual(["s", "map -> sink"]);
    const groups = program.plan.streamGraph.operators.map((node) => node.slotSharingGroup);
    expect(groups).toEqual(["default", "heavy", "heavy"]);
  });

  test("an operator whose inputs are in different groups is in the default group", () => {
    const t = new Topology();
    const a = t.source("a", { slotSharingGroup: "x" });
    const b = t.source("b", { slotSharingGroup: "y" });
    t.sink([t.from(a), t.from(b)]);
    expect(t.program().plan.streamGraph.operators[2]?.slotSharingGroup).toBe("default");
  });

  test("chains all forward readers of one operator, side outputs too", () => {
    const t = new Topology();
    const map = t.operator("map", t.source("s"));
    t.sink(map, { name: "main" });
    t.sink([t.from(map, { sideOutput: "late" })], { name: "late" });
    expect(chains(t.program())).toEqual(["s -> map -> (main, late)"]);
  });

  test("never chains an operator with two input edges", () => {
    const t = new Topology();
    const s = t.source("s");
    t.sink([t.from(s), t.from(s)]);
    const program = t.program();
    expect(chains(program)).toEqual(["s", "sink"]);
    expect(program.plan.jobGraph.edges).toHaveLength(2);
  });

  test("never chains a two-input operator to its inputs, but chains what follows it", () => {
    const t = new Topology();
    const inputs = [t.from(t.source("a")), t.from(t.source("b"), { input: 1 })];
    t.sink(t.operator("co-map", inputs));
    expect(chains(t.program())).toEqual(["a", "b", "co-map -> sink"]);
  });

  test("an edge has the buffer timeout of the operator above it, else the job's", () => {
    const t = new Topology();
    const slow = t.source("slow", { bufferTimeoutMs: 0 });
    t.sink([t.from(slow, { partitioning: "rebalance" })]);
    t.sink([t.from(t.source("other"), { partitioning: "rebalance" })]);
    expect(t.program().plan.jobGraph.edges.map((edge) => edge.bufferTimeoutMs)).toEqual([0, 100]);
  });

  test("dead letters of every chain reach their sink, which has one subtask", () => {
    const t = new Topology();
    t.sink([t.from(t.source("s"), { partitioning: "rebalance" })]);
    const letters = t.sink([], { name: "letters", uid: "letters" });
    t.sink(t.source("s2"));
    const program = t.program({ parallelism: 2 }, letters);
    expect(chains(program)).toEqual(["s", "sink", "s2 -> sink", "letters"]);
    expect(program.deadLetters).toBe("letters");
    const edges = program.plan.jobGraph.edges.filter((edge) => edge.to === "letters");
    expect(edges.map((edge) => edge.fromVertex)).toEqual(
      program.plan.jobGraph.vertices.slice(0, 3).map((vertex) => vertex.id),
    );
    expect(program.plan.jobGraph.vertices[3]?.parallelism).toBe(1);
  });
});
