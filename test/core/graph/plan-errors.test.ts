import { describe, expect, test } from "vitest";
import { PlanError } from "../../../core/errors.ts";
import { buildProgram } from "../../../core/graph/build-program.ts";
import { Topology, operatorImplementation, settings } from "./topology.ts";

function errorOf(build: (t: Topology) => unknown): PlanError {
  const t = new Topology();
  try {
    build(t);
    t.program();
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error("there was no error");
}

describe("a job that cannot run", () => {
  test.each<[string, (t: Topology) => unknown, string, string]>([
    [
      "has no stream",
      () => null,
      "PLAN_EMPTY",
      "job test: build describes no stream; call env.fromSource(...) in build and end the stream with sinkTo(...) or print()",
    ],
    [
      "has a stream without sink",
      (t) => t.operator("map", t.source("s"), { name: "parse" }),
      "PLAN_NO_SINK",
      'job test: the stream of map "parse" reaches no sink; end it with sinkTo(...) or print(), or remove it',
    ],
    [
      "has two streams without sink",
      (t) => {
        t.sink(t.source("ok"));
        t.source("a", { uid: "a" });
        t.operator("map", t.source("b"), { uid: "b" });
      },
      "PLAN_NO_SINK",
      'job test: the streams of source "a", map (uid b) reach no sink; end it with sinkTo(...) or print(), or remove it',
    ],
    [
      "has one uid twice",
      (t) => t.sink(t.operator("map", t.source("s", { uid: "x" }), { uid: "x" })),
      "PLAN_DUPLICATE_UID",
      'job test: source "s" and map (uid x) have the same uid "x"; give each operator its own uid',
    ],
    [
      "has an invalid uid",
      (t) => t.sink(t.source("s", { uid: "hourly delays" })),
      "PLAN_INVALID_UID",
      'job test: the uid of source "s" is not valid (got "hourly delays"); use letters, digits and . _ -, beginning with a letter or digit, at most 128 characters, for instance "hourly-delays"',
    ],
    [
      "has an empty operator name",
      (t) => t.sink(t.source("")),
      "PLAN_INVALID_NAME",
      'job test: the name of a source operator is not valid (got ""); use one line of 1 to 128 characters',
    ],
    [
      "has an operator name of two lines",
      (t) => t.sink(t.source("a\nb")),
      "PLAN_INVALID_NAME",
      'job test: the name of a source operator is not valid (got "a\\nb"); use one line of 1 to 128 characters',
    ],
    [
      "has an invalid slot sharing group",
      (t) => t.sink(t.source("s", { slotSharingGroup: "a/b" })),
      "PLAN_INVALID_NAME",
      'job test: the slot sharing group of source "s" is not valid (got "a/b"); use letters, digits and . _ -, beginning with a letter or digit, at most 128 characters, for instance "a-b"',
    ],
    [
      "names two states of one operator alike",
      (t) =>
        t.sink(
          t.operator("process", [t.from(t.source("s"), { partitioning: "hash" })], {
            name: "dedup",
            keyed: true,
            implementation: operatorImplementation("seen", "seen"),
          }),
        ),
      "PLAN_DUPLICATE_STATE",
      'job test: two states of process "dedup" have the name "seen"; give each state its own name',
    ],
    [
      "has a state with an invalid name",
      (t) =>
        t.sink(t.operator("p", t.source("s"), { implementation: operatorImplementation("a b") })),
      "PLAN_INVALID_STATE",
      "the name of a state of p (uid p-",
    ],
    [
      "forwards between unequal parallelism",
      (t) =>
        t.sink([t.from(t.source("s", { parallelism: 2 }), { partitioning: "forward" })], {
          name: "out",
          parallelism: 3,
        }),
      "PLAN_FORWARD_PARALLELISM",
      'job test: forward() from source "s" to sink "out" needs equal parallelism (got 2 and 3); set the same parallelism on both, or use rescale() or rebalance()',
    ],
    [
      "has a max parallelism below its parallelism",
      (t) => t.sink(t.source("s", { parallelism: 8, maxParallelism: 4 })),
      "PLAN_MAX_PARALLELISM",
      'job test: the max parallelism of source "s" is below its parallelism (got 4 < 8); raise maxParallelism or lower the parallelism',
    ],
    [
      "has a parallelism of 0",
      (t) => t.sink(t.source("s", { parallelism: 0 })),
      "PLAN_PARALLELISM",
      'job test: the parallelism of source "s" is not an integer from 1 to 32768 (got 0); correct it on the operator, in the job file, on the command line or in the config file',
    ],
    [
      "has a parallelism beyond the limit",
      (t) => t.sink(t.source("s", { parallelism: 32_769 })),
      "PLAN_PARALLELISM",
      "(got 32769)",
    ],
    [
      "has a max parallelism that is no integer",
      (t) => t.sink(t.source("s", { maxParallelism: 1.5 })),
      "PLAN_PARALLELISM",
      'the max parallelism of source "s" is not an integer from 1 to 32768 (got 1.5)',
    ],
    [
      "has too many channels on an edge",
      (t) =>
        t.sink([t.from(t.source("s", { uid: "s", parallelism: 40 }), { partitioning: "hash" })], {
          uid: "out",
          parallelism: 30,
        }),
      "PLAN_TOO_MANY_CHANNELS",
      "job test: the hash edge from s to out has too many channels (got 40 x 30 = 1200, limit 1024); lower the parallelism of one side, or use rescale()",
    ],
    [
      "has a keyed operator behind a stream without key",
      (t) => t.sink(t.operator("window", t.source("s"), { name: "hourly", keyed: true })),
      "PLAN_NOT_KEYED",
      'job test: window "hourly" works per key, but its input is not keyed (got a forward edge); call keyBy(...) directly before it',
    ],
    [
      "has a keyed operator behind a broadcast stream only",
      (t) =>
        t.sink(
          t.operator("window", [t.from(t.source("s"), { partitioning: "broadcast" })], {
            name: "hourly",
            keyed: true,
          }),
        ),
      "PLAN_NOT_KEYED",
      "(got no hash edge)",
    ],
  ])("%s", (_name, build, code, message) => {
    const error = errorOf(build);
    expect(error.code).toBe(code);
    expect(error.describe()).toContain(message);
  });

  test("has an invalid name itself", () => {
    const t = new Topology();
    t.sink(t.source("s"));
    const build = (): unknown =>
      buildProgram({ job: "my job", transformations: t.transformations, settings });
    expect(build).toThrow('a job\'s name is not valid (got "my job")');
  });

  test("has nothing but a sink for dead letters", () => {
    const t = new Topology();
    const letters = t.sink([]);
    expect(() => t.program({}, letters)).toThrow("build describes no stream");
  });
});

describe("a job that can run", () => {
  test("may leave a side output unread, and a main output whose side output is read", () => {
    const t = new Topology();
    const split = t.operator("process", t.source("s"));
    t.sink([t.from(split, { sideOutput: "errors" })]);
    expect(t.program().plan.streamGraph.operators).toHaveLength(3);
  });

  test("may give a keyed operator broadcast state beside its keyed input", () => {
    const t = new Topology();
    const inputs = [
      t.from(t.source("s"), { partitioning: "hash" }),
      t.from(t.source("rules"), { partitioning: "broadcast", input: 1 }),
    ];
    t.sink(t.operator("process", inputs, { keyed: true }));
    expect(t.program().plan.jobGraph.edges).toHaveLength(2);
  });

  test("may use 1,024 channels on an edge, and more on a rescale edge", () => {
    const t = new Topology();
    const source = t.source("s", { parallelism: 32 });
    t.sink([t.from(source, { partitioning: "hash" })], { parallelism: 32 });
    t.sink([t.from(source, { partitioning: "rescale" })], { parallelism: 1_100 });
    expect(t.program().plan.executionGraph.channels).toHaveLength(1_024 + 1_100);
  });
});
