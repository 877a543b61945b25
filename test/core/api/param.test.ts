import { describe, expect, expectTypeOf, test } from "vitest";
import { param } from "../../../core/api/param.ts";
import type { Param, ParamDeclarations, ParamValues } from "../../../core/api/param.ts";
import { describeParam, resolveParams } from "../../../core/api/resolve-params.ts";
import type { ParamLevel, ResolvedParams } from "../../../core/api/resolve-params.ts";
import type { Secret } from "../../../core/api/secret.ts";
import type { ResolveSecret } from "../../../core/api/secret.ts";
import type { StandardSchema } from "../../../core/api/standard-schema.ts";
import { type Duration } from "../../../core/duration.ts";
import { MillraceError } from "../../../core/errors.ts";

const noSecrets: ResolveSecret = () => Promise.resolve(null);

function resolve<P extends ParamDeclarations>(
  declared: P,
  levels: readonly ParamLevel[] = [],
  resolveSecret: ResolveSecret = noSecrets,
): ResolvedParams<P> {
  return resolveParams({ job: "test", declared, levels, resolveSecret });
}

const set = (values: Readonly<Record<string, string>>): ParamLevel => ({
  origin: "command line",
  values,
});

const caller = (values: Readonly<Record<string, unknown>>): ParamLevel => ({
  origin: "caller",
  values,
});

function errorOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MillraceError) return `${error.code} ${error.describe()}`;
    throw error;
  }
  return "no error";
}

/** A schema for positive numbers that also turns "one" into 1. */
const positive: StandardSchema<number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      if (value === "one") return { value: 1 };
      return typeof value === "number" && value > 0
        ? { value }
        : { issues: [{ message: "must be positive", path: ["n", { key: 0 }] }] };
    },
  },
};

describe("a param on the command line", () => {
  test.each<[string, Param<unknown>, string, unknown]>([
    ["a string", param.string(), "a b", "a b"],
    ["an empty string", param.string("x"), "", ""],
    ["a string that looks like a number", param.string(), "12", "12"],
    ["an integer", param.number(), "12", 12],
    ["a negative fraction", param.number(), "-0.5", -0.5],
    ["true", param.boolean(), "true", true],
    ["false", param.boolean(true), "false", false],
    ["a duration", param.duration(), "1h30m", { milliseconds: 5_400_000 }],
    ["one of several", param.enum(["a", "b"]), "b", "b"],
    ["a schema's value, as JSON", param.schema(positive), "3", 3],
    ["a schema's value, as text", param.schema(positive), "one", 1],
  ])("is %s", (_name, declared, text, value) => {
    expect(resolve({ p: declared }, [set({ p: text })]).values.p).toEqual(value);
  });

  test.each<[string, Param<unknown>, string, string]>([
    [
      "no number",
      param.number(),
      "ten",
      'USAGE_PARAM param "p" (command line) is not a number (got "ten"); write for instance 10 or 0.5',
    ],
    ["an empty number", param.number(), " ", 'is not a number (got " ")'],
    ["an endless number", param.number(), "Infinity", 'is not a number (got "Infinity")'],
    [
      "no boolean",
      param.boolean(),
      "yes",
      'USAGE_PARAM param "p" (command line) is not true or false (got "yes"); write true or false',
    ],
    [
      "no duration",
      param.duration(),
      "30",
      'USAGE_DURATION param "p" (command line) is not a duration (got "30"); write for instance 30h, 1h30m, 90s or 500ms',
    ],
    [
      "none of several",
      param.enum(["fast", "exact"]),
      "slow",
      'USAGE_PARAM param "p" (command line) is not one of fast, exact (got "slow"); write fast or exact',
    ],
    [
      "refused by the schema",
      param.schema(positive),
      "-1",
      'USAGE_PARAM param "p" (command line) is not valid: n.0: must be positive (got -1); correct the value',
    ],
    ["neither JSON nor right", param.schema(positive), "{", 'must be positive (got "{")'],
  ])("is refused: %s", (_name, declared, text, message) => {
    expect(errorOf(() => resolve({ p: declared }, [set({ p: text })]))).toContain(message);
  });
});

describe("a param given by a program", () => {
  test("is checked, and texts are read as on a command line", () => {
    const declared = { n: param.number(), d: param.duration(), s: param.string() };
    const { values } = resolve(declared, [caller({ n: 5, d: { hours: 2 }, s: "x" })]);
    expect(values).toEqual({ n: 5, d: { hours: 2 }, s: "x" });
    expect(resolve(declared, [caller({ n: "5", d: "2h", s: "x" })]).values.n).toBe(5);
  });

  test.each<[string, Param<unknown>, unknown, string]>([
    ["a number for a string", param.string(), 5, 'param "p" (caller) is not a string (got 5)'],
    ["NaN", param.number(), Number.NaN, "is not a number (got NaN)"],
    ["null", param.boolean(), null, "is not true or false (got null)"],
    ["a wrong field", param.duration(), { hour: 1 }, 'is not a duration (got {"hour":1})'],
  ])("refuses %s", (_name, declared, value, message) => {
    expect(errorOf(() => resolve({ p: declared }, [caller({ p: value })]))).toContain(message);
  });
});

describe("params", () => {
  const declared = {
    input: param.string(null, { description: "the folder" }),
    bound: param.duration({ hours: 30 }),
    mode: param.enum(["fast", "exact"], "exact"),
  };

  test("take the strongest level and say where each value is from", () => {
    const { values, shown } = resolve(declared, [
      set({ bound: "12h" }),
      { origin: "config file", values: { bound: "1h", input: "data" } },
    ]);
    expect(values).toEqual({
      input: "data",
      bound: { milliseconds: 43_200_000 },
      mode: "exact",
    });
    expect(shown).toEqual([
      {
        name: "input",
        kind: "string",
        value: "data",
        origin: "config file",
        description: "the folder",
      },
      { name: "bound", kind: "duration", value: "12h", origin: "command line", description: null },
      { name: "mode", kind: "enum", value: "exact", origin: "default", description: null },
    ]);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      "an unknown name with the nearest one",
      { input: "x", bund: "1h" },
      'USAGE_PARAM_UNKNOWN job test: the job has no param "bund" (command line); did you mean "bound"?',
    ],
    [
      "an unknown name with all names",
      { input: "x", parallelism: "1" },
      'the job has no param "parallelism" (command line); there are input, bound, mode',
    ],
    [
      "a missing one",
      {},
      "USAGE_PARAM_MISSING job test: param input=<text> has no value; give --set input=<text>",
    ],
  ])("refuse %s", (_name, given, message) => {
    expect(errorOf(() => resolve(declared, [set(given)]))).toContain(message);
  });

  test("refuse a name that every object has", () => {
    expect(errorOf(() => resolve(declared, [set({ input: "x", toString: "y" })]))).toContain(
      'no param "toString"',
    );
  });

  test("list all that are missing", () => {
    const two = { a: param.number(), b: param.enum(["x", "y"]), c: param.string("z") };
    expect(errorOf(() => resolve(two))).toContain(
      "params a=<number>, b=x|y have no value; give --set a=<number> --set b=x|y",
    );
  });

  test("describe themselves for --help", () => {
    expect(Object.values(declared).map(describeParam)).toEqual([
      "the folder (required)",
      "default 1d6h",
      "default exact",
    ]);
    expect(describeParam(param.secret({ env: "TOKEN" }, { description: "the key" }))).toBe(
      "the key (default secret(env:TOKEN))",
    );
  });

  test("refuse a default that does not fit", () => {
    expect(errorOf(() => param.duration({ hours: -1 }))).toContain(
      "the default of a param.duration is not a duration",
    );
    expect(errorOf(() => param.enum(["a"], "b" as "a"))).toContain(
      "the default of a param.enum is not one of a",
    );
  });

  test("refuse a schema that answers later", () => {
    const later: StandardSchema<number> = {
      "~standard": { version: 1, vendor: "test", validate: async () => ({ value: 1 }) },
    };
    expect(errorOf(() => resolve({ p: param.schema(later) }, [set({ p: "1" })]))).toContain(
      'DATA_SCHEMA_ASYNC the schema of param "p" (command line) answers with a promise',
    );
  });

  test("have the types of their declarations", () => {
    const all = {
      s: param.string("x"),
      n: param.number(),
      b: param.boolean(false),
      d: param.duration({ hours: 1 }),
      e: param.enum(["a", "b"], "a"),
      k: param.secret({ env: "K" }),
      z: param.schema(positive, 1),
    };
    expectTypeOf<ParamValues<typeof all>>().toEqualTypeOf<{
      readonly s: string;
      readonly n: number;
      readonly b: boolean;
      readonly d: Duration;
      readonly e: "a" | "b";
      readonly k: Secret;
      readonly z: number;
    }>();
    // @ts-expect-error -- "c" is none of the values
    expect(() => param.enum(["a", "b"], "c")).toThrow();
  });
});

describe("a secret", () => {
  const declared = { token: param.secret({ env: "TOKEN" }) };
  const vault: ResolveSecret = ({ env }) =>
    Promise.resolve(env === "TOKEN" ? "hunter2" : env === "OTHER" ? "hunter3" : null);

  test("is resolved by the host, by its own reference or a given one", async () => {
    await expect(resolve(declared, [], vault).values.token.resolve()).resolves.toBe("hunter2");
    const other = resolve(declared, [set({ token: "env:OTHER" })], vault);
    await expect(other.values.token.resolve()).resolves.toBe("hunter3");
    expect(other.shown[0]?.value).toBe("secret(env:OTHER)");
  });

  test("that is not there is an error that says what to set", async () => {
    const { token } = resolve(declared).values;
    await expect(token.resolve()).rejects.toThrow("there is no secret(env:TOKEN)");
  });

  test("shows only its reference, however it is printed", async () => {
    const { token } = resolve(declared, [], vault).values;
    await token.resolve();
    expect(`${token}`).toBe("secret(env:TOKEN)");
    expect(JSON.stringify({ token })).toBe('{"token":"secret(env:TOKEN)"}');
    const { inspect } = await import("node:util");
    expect(inspect(token, { depth: 9, showHidden: true })).not.toContain("hunter");
  });

  test("given as a value is refused without showing it", () => {
    const messages = [
      errorOf(() => resolve(declared, [set({ token: "hunter2" })])),
      errorOf(() => resolve(declared, [caller({ token: { value: "hunter2" } })])),
    ];
    for (const message of messages) {
      expect(message).toContain("USAGE_PARAM_SECRET");
      expect(message).not.toContain("hunter2");
    }
  });

  test("needs a reference", () => {
    expect(errorOf(() => param.secret({ env: "" }))).toContain(
      'USAGE_PARAM param.secret needs a reference (got {"env":""})',
    );
  });
});
