import { describe, expect, expectTypeOf, test } from "vitest";
import { defineJob, isJob } from "../../../core/api/define-job.ts";
import type { JobDefinition } from "../../../core/api/define-job.ts";
import { param } from "../../../core/api/param.ts";
import type { ParamValues } from "../../../core/api/param.ts";
import type { Duration } from "../../../core/duration.ts";
import { MillraceError } from "../../../core/errors.ts";

function errorOf(definition: object): string {
  try {
    defineJob(definition as JobDefinition);
  } catch (error) {
    if (error instanceof MillraceError) return `${error.code} ${error.describe()}`;
    throw error;
  }
  return "no error";
}

const build = (): void => {};

describe("defineJob", () => {
  test("gives a frozen job with its parts", () => {
    const params = { input: param.string("data") };
    const job = defineJob({ name: "orders", params, parallelism: 2, strict: true, build });
    expect(job).toMatchObject({
      name: "orders",
      description: null,
      params,
      settings: { parallelism: 2, strict: true },
    });
    expect([job, job.params, job.settings].every(Object.isFrozen)).toBe(true);
  });

  test("infers the types of the params that build gets", () => {
    defineJob({
      name: "orders",
      params: { bound: param.duration({ hours: 1 }), mode: param.enum(["a", "b"]) },
      build(_env, { params }) {
        expectTypeOf(params.bound).toEqualTypeOf<Duration>();
        expectTypeOf(params.mode).toEqualTypeOf<"a" | "b">();
        // @ts-expect-error -- there is no such param
        expectTypeOf(params.other);
      },
    });
    defineJob({
      name: "none",
      build(_env, { params }) {
        expectTypeOf(params).toEqualTypeOf<ParamValues<Record<never, never>>>();
      },
    });
  });

  test("is recognised, also when another copy of the module made it", async () => {
    const job = defineJob({ name: "orders", build });
    expect(isJob(job)).toBe(true);
    expect(isJob({ ...job })).toBe(true);
    const copy = { [Symbol.for("millrace.job")]: 1, name: "other" };
    expect(isJob(copy)).toBe(true);
    const others: readonly unknown[] = [
      null,
      undefined,
      {},
      { name: "orders", build },
      "orders",
      build,
    ];
    expect(others.some(isJob)).toBe(false);
  });

  test("keeps `this` of build", () => {
    const seen: unknown[] = [];
    const definition = {
      name: "orders",
      build(): void {
        seen.push(this);
      },
    };
    const run = defineJob(definition).build as () => void;
    run();
    expect(seen).toEqual([definition]);
  });

  test.each<[string, object, string]>([
    [
      "a name with a space",
      { name: "my job", build },
      'USAGE_JOB a job\'s name is not valid (got "my job"); use letters, digits and . _ - (at most 128), for instance "my-job"',
    ],
    ["no name", { build }, "a job's name is not valid (got undefined); write defineJob({"],
    ["no build", { name: "a" }, "job a has no build function (got undefined)"],
    [
      "an unknown field",
      { name: "a", build, paralelism: 2 },
      'job a has an unknown field "paralelism"; did you mean "parallelism"?',
    ],
    [
      "an unknown setting of a group",
      { name: "a", build, checkpointing: { every: { seconds: 1 } } },
      'the job file has an unknown setting "checkpointing.every"',
    ],
    [
      "a setting that does not fit",
      { name: "a", build, parallelism: "2" },
      'setting "parallelism" of the job file is not an integer from 1 to 32768 (got "2")',
    ],
    [
      "a param that is a plain value",
      { name: "a", build, params: { input: "data" } },
      'param "input" of job a is not declared with param (got "data"); write for instance input: param.string("default")',
    ],
    [
      "a param with the name of a setting",
      { name: "a", build, params: { strict: param.boolean(true) } },
      'job a has a param named like the setting "strict"; rename the param',
    ],
    [
      "a param with a dot in its name",
      { name: "a", build, params: { "a.b": param.boolean(true) } },
      'job a has a param with an invalid name (got "a.b")',
    ],
  ])("refuses %s", (_name, definition, message) => {
    expect(errorOf(definition)).toContain(message);
  });

  test.each([[null], ["orders"], [undefined]])("refuses %o instead of an object", (value) => {
    expect(() => defineJob(value as unknown as JobDefinition)).toThrow(
      "defineJob was not given an object",
    );
  });
});
