import { describe, expect, test } from "vitest";
import { missingUids } from "../../../core/graph/missing-uids.ts";
import { Topology, operatorImplementation } from "./topology.ts";

function uids(build: (t: Topology) => unknown): readonly string[] {
  const t = new Topology();
  build(t);
  return t.program().plan.streamGraph.operators.map((node) => node.uid);
}

const line = (t: Topology): unknown => t.sink(t.operator("map", t.source("s")));

describe("derived uids", () => {
  test("begin with the name and are the same in every build", () => {
    expect(uids(line)).toEqual(uids(line));
    expect(uids(line)[1]).toMatch(/^map-[0-9a-f]{8}$/);
  });

  test("of one version are those of the next: state is found by them", () => {
    expect(uids(line)).toEqual(["s-8ec05a58", "map-38ee329e", "sink-b01f92c2"]);
  });

  test("do not change with what is added before or beside them", () => {
    const more = uids((t) => {
      t.sink(t.source("other"), { name: "other-sink" });
      line(t);
    });
    expect(more.slice(2)).toEqual(uids(line));
  });

  test("change with what is put above them, up to the next given uid", () => {
    const longer = (t: Topology, uid: string | null): unknown =>
      t.sink(t.operator("map", t.operator("filter", t.source("s")), { uid }));
    expect(uids((t) => longer(t, null)).at(-1)).not.toBe(uids(line).at(-1));
    const anchored = (t: Topology): unknown =>
      t.sink(t.operator("map", t.source("s"), { uid: "parse" }));
    expect(uids((t) => longer(t, "parse")).at(-1)).toBe(uids(anchored).at(-1));
  });

  test("tell equal siblings and side outputs apart", () => {
    const all = uids((t) => {
      const source = t.source("s");
      t.sink(source);
      t.sink(source);
      t.sink([t.from(source, { sideOutput: "late" })]);
    });
    expect(new Set(all).size).toBe(4);
  });

  test("keep away from given ones", () => {
    const [, derived = ""] = uids(line);
    const both = uids((t) => {
      line(t);
      t.sink(t.source("x"), { uid: derived });
    });
    expect(new Set(both).size).toBe(both.length);
  });

  test("can be made from any name", () => {
    const [uid] = uids((t) => t.sink(t.source("Ströme / 航班 ✈")));
    expect(uid).toMatch(/^str-me-[0-9a-f]{8}$/);
  });

  test("given as they are leave all other uids as they are", () => {
    const before = uids(line);
    const fixed = uids((t) => t.sink(t.operator("map", t.source("s"), { uid: before[1] ?? "" })));
    expect(fixed).toEqual(before);
  });
});

describe("the warning about a missing uid", () => {
  const keyed = (t: Topology, uid: string | null): unknown =>
    t.sink(
      t.operator("reduce", [t.from(t.source("s"), { partitioning: "hash" })], {
        keyed: true,
        implementation: operatorImplementation("sum"),
        uid,
      }),
      { name: "files", guarantee: "exactly-once" },
    );

  test("names operators with state and sinks that commit, with the line to add", () => {
    const t = new Topology();
    keyed(t, null);
    const { plan } = t.program();
    const [, reduce, sink] = plan.streamGraph.operators;
    expect(missingUids(plan).map((missing) => missing.warning)).toEqual([
      `the uid ${reduce?.uid} of reduce is derived from its place in the job, so a change above it loses its state; add .uid("${reduce?.uid}") behind it`,
      `the uid ${sink?.uid} of sink "files" is derived from its place in the job, so a change above it loses its state; add .uid("${sink?.uid}") behind it`,
    ]);
  });

  test("is gone once the uid is given, and never comes for stateless operators", () => {
    const t = new Topology();
    keyed(t, "sum");
    t.sink(t.operator("map", t.source("x")), { name: "print" });
    expect(missingUids(t.program().plan).map((missing) => missing.line)).toHaveLength(1);
  });

  test("counts timers as state", () => {
    const t = new Topology();
    const process = t.operator("process", [t.from(t.source("s"), { partitioning: "hash" })], {
      keyed: true,
      watermarkSteps: { kind: "every" },
    });
    t.sink(process);
    expect(missingUids(t.program().plan)).toHaveLength(1);
  });
});
