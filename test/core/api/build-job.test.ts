import { describe, expect, test } from "vitest";
import { buildJob } from "../../../core/api/build-job.ts";
import type { BuildJobOptions, BuiltJob } from "../../../core/api/build-job.ts";
import { defineJob } from "../../../core/api/define-job.ts";
import type { JobDefinition } from "../../../core/api/define-job.ts";
import type { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import { param } from "../../../core/api/param.ts";
import type { Secret } from "../../../core/api/secret.ts";
import { MillraceError } from "../../../core/errors.ts";
import { WatermarkStrategy } from "../../../core/time/index.ts";
import { TumblingEventTimeWindows, agg } from "../../../core/windowing/index.ts";

const numbers = (env: StreamExecutionEnvironment): void => {
  env
    .fromCollection([1, 2, 3])
    .map((n) => n + 1)
    .name("plus")
    .print();
};

function errorOf(definition: object, options: BuildJobOptions = {}): MillraceError {
  try {
    buildJob(defineJob({ name: "test", ...definition } as JobDefinition), options);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
  throw new Error("there was no error");
}

function parallelismOf(built: BuiltJob, name: string): number | undefined {
  return built.program.plan.streamGraph.operators.find((node) => node.name === name)?.parallelism;
}

describe("building a job", () => {
  test("gives a plan with an implementation for each of its operators", () => {
    const { program, warnings } = buildJob(defineJob({ name: "test", build: numbers }));
    const uids = program.plan.streamGraph.operators.map((node) => node.uid);
    expect([...program.implementations.keys()]).toEqual(uids);
    expect(program.plan.jobGraph.vertices.map((vertex) => vertex.name)).toEqual([
      "collection -> plus -> sink",
    ]);
    expect(warnings).toEqual([]);
  });

  test("hands the params to build, with their origins to the caller", () => {
    const seen: unknown[] = [];
    const job = defineJob({
      name: "test",
      params: { a: param.string("1"), b: param.number(2), c: param.number(3), d: param.number(4) },
      build(env, { params }) {
        seen.push(params);
        numbers(env);
      },
    });
    const { params } = buildJob(job, {
      set: { a: "10" },
      params: { a: "x", b: 20 },
      config: { params: { b: 200, c: 30 }, stages: { prod: { params: { c: 300 } } } },
      stage: "prod",
    });
    expect(seen[0]).toEqual({ a: "10", b: 20, c: 300, d: 4 });
    expect(params.map(({ name, origin }) => `${name}: ${origin}`)).toEqual([
      "a: command line",
      "b: caller",
      "c: config file",
      "d: default",
    ]);
  });

  test("takes --set for params and settings alike", () => {
    const job = defineJob({ name: "test", params: { n: param.number(1) }, build: numbers });
    const built = buildJob(job, {
      set: { n: "5", parallelism: "3", "checkpointing.retained": "9" },
    });
    expect(built.params[0]?.value).toBe("5");
    expect(parallelismOf(built, "plus")).toBe(3);
    expect(built.program.settings.checkpointing.retained).toBe(9);
  });

  test("takes the parallelism of the operator before the job's, and the job's before the flag's", () => {
    const build = (env: StreamExecutionEnvironment): void => {
      env
        .fromSequence(1, 9)
        .map(String)
        .name("own")
        .setParallelism(4)
        .map(String)
        .name("job")
        .print();
    };
    const built = buildJob(defineJob({ name: "test", parallelism: 2, build }), {
      commandLine: { parallelism: 8 },
    });
    expect([parallelismOf(built, "own"), parallelismOf(built, "job")]).toEqual([4, 2]);
    const flag = buildJob(defineJob({ name: "test", build }), { commandLine: { parallelism: 8 } });
    expect([parallelismOf(flag, "own"), parallelismOf(flag, "job")]).toEqual([4, 8]);
  });

  test("warns of a missing uid, with the line to add", () => {
    const build = (env: StreamExecutionEnvironment): void => {
      env
        .fromCollection([{ k: "a", n: 1 }])
        .keyBy((row) => row.k)
        .sum("n")
        .print();
    };
    const { warnings, program } = buildJob(defineJob({ name: "test", build }));
    const sum = program.plan.streamGraph.operators.find((node) => node.keyed);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`add .uid("${sum?.uid}") behind it`);
  });

  test("spares what is above a mid-job timestamp assigner all watermarks", () => {
    const build = (env: StreamExecutionEnvironment): void => {
      env
        .fromCollection([{ k: "a", at: 1 }])
        .rebalance()
        .assignTimestampsAndWatermarks(
          WatermarkStrategy.forMonotonousTimestamps({ timestamp: (row) => row.at }),
        )
        .keyBy((row) => row.k)
        .window(TumblingEventTimeWindows.of({ hours: 1 }))
        .aggregate({ n: agg.count() })
        .print();
    };
    const { edges } = buildJob(defineJob({ name: "test", build })).program.plan.jobGraph;
    expect(edges.map(({ partitioning, watermarkSteps }) => [partitioning, watermarkSteps])).toEqual(
      [
        ["rebalance", { kind: "steps", steps: [] }],
        ["hash", { kind: "steps", steps: [{ periodMs: 3_600_000, offsetMs: 3_599_999 }] }],
      ],
    );
  });
});

describe("a job that cannot be built", () => {
  test("because build throws, says what it threw and keeps it as the cause", () => {
    const cause = new TypeError("x is undefined");
    const error = errorOf({
      build: () => {
        throw cause;
      },
    });
    expect(error.code).toBe("PLAN_BUILD_FAILED");
    expect(error.describe()).toBe(
      "job test: build threw TypeError: x is undefined; correct build; --verbose shows where it was thrown",
    );
    expect(error.cause).toBe(cause);
  });

  test("because build throws something else than an error", () => {
    const error = errorOf({
      build: () => {
        // oxlint-disable-next-line typescript/only-throw-error -- users may
        throw "no";
      },
    });
    expect(error.message).toBe('build threw "no"');
  });

  test("because of an error of ours in build, keeps that error", () => {
    const error = errorOf({
      build: (env: StreamExecutionEnvironment) => env.fromCollection([1]).setParallelism(0).print(),
    });
    expect(error.code).toBe("PLAN_PARALLELISM");
  });

  test.each([
    ["is async", () => Promise.resolve()],
    ["is async and fails", () => Promise.reject(new Error("late"))],
  ])("because build %s", (_name, build) => {
    expect(errorOf({ build }).code).toBe("PLAN_BUILD_ASYNC");
  });

  test.each<[string, (env: StreamExecutionEnvironment, turn: number) => void, string]>([
    [
      "another config",
      (env, turn) => void env.fromSequence(1, turn).print(),
      'operator 1, source "sequence", has config',
    ],
    [
      "another name",
      (env, turn) => void env.fromCollection([1]).map(String).name(`m${turn}`).print(),
      'operator 2, map "m1", has name "m1", then "m2"',
    ],
    [
      "one operator more",
      (env, turn) => {
        const stream = env.fromCollection([1]);
        stream.print();
        if (turn === 2) stream.print();
      },
      "is there the second time only",
    ],
    [
      "one operator less",
      (env, turn) => {
        const stream = env.fromCollection([1]);
        stream.print();
        if (turn === 1) stream.print();
      },
      "is missing the second time",
    ],
    [
      "another edge",
      (env, turn) => {
        const [a, b] = [env.fromCollection([1]).uid("a"), env.fromCollection([2]).uid("b")];
        a.print().uid("x");
        b.print().uid("y");
        (turn === 1 ? a : b).print().uid("z");
      },
      "the edge from a to z differs",
    ],
  ])("because build gives two plans: %s", (_name, build, message) => {
    let turn = 0;
    const error = errorOf({ build: (env: StreamExecutionEnvironment) => build(env, (turn += 1)) });
    expect(error.code).toBe("PLAN_NOT_DETERMINISTIC");
    expect(error.message).toContain(`build gives two different plans: `);
    expect(error.message).toContain(message);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      "a param",
      { cuont: "1" },
      '--set cuont: the job has no param and no setting of this name; did you mean "count"?',
    ],
    ["a setting", { paralelism: "1" }, 'did you mean "parallelism"?'],
    ["nothing", { zzzzzz: "1" }, "there are count"],
  ])("because --set names something like %s", (_name, set, message) => {
    const error = errorOf({ params: { count: param.number(1) }, build: numbers }, { set });
    expect(error.code).toBe("USAGE_PARAM_UNKNOWN");
    expect(error.describe()).toContain(message);
  });
});

describe("a secret", () => {
  test("is shut while build runs and open afterwards", async () => {
    const secrets: Secret[] = [];
    const job = defineJob({
      name: "test",
      params: { token: param.secret({ env: "TOKEN" }) },
      build(env, { params }) {
        secrets.push(params.token);
        numbers(env);
      },
    });
    const built = buildJob(job, { resolveSecret: () => Promise.resolve("hunter2") });
    await expect(secrets[0]?.resolve()).resolves.toBe("hunter2");
    expect(JSON.stringify([built.params, built.program.plan])).not.toContain("hunter2");
  });

  test("resolved in build is an error", () => {
    const error = errorOf({
      params: { token: param.secret({ env: "TOKEN" }) },
      build(env: StreamExecutionEnvironment, { params }: { params: { token: Secret } }) {
        void params.token.resolve();
        numbers(env);
      },
    });
    expect(error.code).toBe("PLAN_SECRET");
  });
});
