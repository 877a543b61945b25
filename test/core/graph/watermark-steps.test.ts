import { describe, expect, test } from "vitest";
import type { WatermarkSteps } from "../../../core/plan/plan.ts";
import type { Program } from "../../../core/runtime/program.ts";
import { Topology } from "./topology.ts";

const hourly: WatermarkSteps = { kind: "steps", steps: [{ periodMs: 3_600_000, offsetMs: -1 }] };
const daily: WatermarkSteps = { kind: "steps", steps: [{ periodMs: 86_400_000, offsetMs: -1 }] };
const every: WatermarkSteps = { kind: "every" };
const nothing: WatermarkSteps = { kind: "steps", steps: [] };
const hourlySteps = { kind: "steps", steps: [{ periodMs: 3_600_000, offsetMs: 3_599_999 }] };

function steps(program: Program): Readonly<Record<string, WatermarkSteps>> {
  const names = new Map(program.plan.streamGraph.operators.map((node) => [node.uid, node.name]));
  return Object.fromEntries(
    program.plan.jobGraph.edges.map((edge) => [
      `${names.get(edge.from)}>${names.get(edge.to)}`,
      edge.watermarkSteps,
    ]),
  );
}

/** source -> filter -> operator with `own` steps -> sink, every edge between two tasks. */
function line(own: WatermarkSteps | null, kind = "process"): Program {
  const t = new Topology();
  const filter = t.operator("filter", t.source("s"), { chaining: "never" });
  t.sink(t.operator(kind, filter, { chaining: "never", watermarkSteps: own }));
  return t.program();
}

describe("the watermark steps of an edge", () => {
  test("are those of what reacts behind it", () => {
    expect(steps(line(hourly))).toEqual({
      "s>filter": hourlySteps,
      "filter>process": hourlySteps,
      "process>sink": nothing,
    });
  });

  test("are none where nothing reacts", () => {
    expect(steps(line(null))["s>filter"]).toEqual(nothing);
  });

  test("are all where one operator reacts to every watermark", () => {
    expect(steps(line(every))["s>filter"]).toEqual(every);
  });

  test("end at an operator that makes watermarks anew, whatever is behind it", () => {
    const t = new Topology();
    const assigner = t.operator("timestamps-and-watermarks", t.source("s"), { chaining: "never" });
    t.sink(t.operator("process", assigner, { chaining: "never", watermarkSteps: every }));
    expect(steps(t.program())).toEqual({
      "s>timestamps-and-watermarks": nothing,
      "timestamps-and-watermarks>process": every,
      "process>sink": nothing,
    });
  });

  test("are the union over all branches, side outputs too", () => {
    const t = new Topology();
    const map = t.operator("map", t.source("s"), { chaining: "never" });
    t.sink(t.operator("a", map, { chaining: "never", watermarkSteps: daily }));
    const late = [t.from(map, { sideOutput: "late" })];
    const b = t.operator("b", late, {
      chaining: "never",
      watermarkSteps: { kind: "steps", steps: [{ periodMs: 1_000, offsetMs: 5 }] },
    });
    t.sink(b);
    expect(steps(t.program())["s>map"]).toEqual({
      kind: "steps",
      steps: [
        { periodMs: 1_000, offsetMs: 5 },
        { periodMs: 86_400_000, offsetMs: 86_399_999 },
      ],
    });
  });

  test("see through a chain", () => {
    const t = new Topology();
    const map = t.operator("map", [t.from(t.source("s"), { partitioning: "rebalance" })]);
    t.sink(t.operator("window", map, { watermarkSteps: hourly }));
    expect(steps(t.program())).toEqual({ "s>map": hourlySteps });
  });
});
