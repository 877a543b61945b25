import { describe, expect, test } from "vitest";
import { coveredOperator } from "../../../core/plan/plan-hash.ts";
import type { StateDescriptor } from "../../../core/state/index.ts";
import { type Options, Topology, operatorImplementation, settings } from "./topology.ts";

interface Change {
  readonly source?: Options;
  readonly sum?: Options;
  readonly partitioning?: "hash" | "broadcast";
  readonly state?: StateDescriptor;
  readonly extra?: boolean;
}

function hash(change: Change = {}, overrides: Partial<typeof settings> = {}): string {
  const t = new Topology();
  const source = t.source("s", { uid: "s", ...change.source });
  const inputs = [
    t.from(source, { partitioning: "hash" }),
    t.from(source, { partitioning: change.partitioning ?? "hash", input: 1 }),
  ];
  const state = change.state ?? ({ kind: "value", name: "sum" } as const);
  const sum = t.operator("sum", inputs, {
    keyed: true,
    uid: "sum",
    implementation: { ...operatorImplementation(), states: [state] },
    config: { assigner: "tumbling(1h)" },
    ...change.sum,
  });
  t.sink(sum, { uid: "out" });
  if (change.extra === true) t.sink(sum, { uid: "out-2" });
  return t.program(overrides).plan.planHash;
}

describe("the plan hash", () => {
  test("is that of the version before: a change here parks every running job", () => {
    expect(hash()).toBe("61bac55e8d5d05d1bf2e099b86ab3ac0fee69d862da5d5b9b325723caf8d659a");
  });

  test.each<[string, Change]>([
    ["a uid", { sum: { uid: "total" } }],
    ["a parallelism", { sum: { parallelism: 2 } }],
    ["a max parallelism", { sum: { maxParallelism: 256 } }],
    ["a partitioning", { partitioning: "broadcast" }],
    ["a state's name", { state: { kind: "value", name: "total" } }],
    ["a state's kind", { state: { kind: "list", name: "sum" } }],
    ["a state's version", { state: { kind: "value", name: "sum", version: 2 } }],
    ["an operator's kind", { sum: { kind: "count" } }],
    ["an operator's config", { sum: { config: { assigner: "tumbling(2h)" } } }],
    ["a chain", { sum: { chaining: "never" } }],
    ["the topology", { extra: true }],
  ])("changes with %s", (_name, change) => {
    expect(hash(change)).not.toBe(hash());
  });

  test.each<[string, Change]>([
    ["a name for people", { sum: { name: "Total" } }],
    ["a buffer timeout", { source: { bufferTimeoutMs: 5 } }],
    ["a state's time to live", { state: { kind: "value", name: "sum", ttl: { hours: 1 } } }],
    ["what reacts to the watermark", { sum: { watermarkSteps: { kind: "every" } } }],
  ])("does not change with %s", (_name, change) => {
    expect(hash(change)).toBe(hash());
  });

  test("does not change with the settings of the job, but with its parallelism", () => {
    const execution = { ...settings.execution, bufferTimeoutMs: 1, strict: true };
    expect(hash({}, { execution })).toBe(hash());
    expect(hash({}, { parallelism: 2 })).not.toBe(hash());
  });

  test("decides about every field of an operator", () => {
    const t = new Topology();
    t.sink(t.source("s"));
    const [node] = t.program().plan.streamGraph.operators;
    const notCovered = ["uidGiven", "name", "chaining", "watermarkSteps", "guarantee"];
    expect(node === undefined ? [] : Object.keys(node).sort()).toEqual(
      [...Object.keys(node === undefined ? {} : coveredOperator(node)), ...notCovered].sort(),
    );
  });
});
