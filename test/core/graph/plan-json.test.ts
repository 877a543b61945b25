import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { AnySchema } from "ajv";
import { describe, expect, test } from "vitest";
import { parsePlan, planToJson } from "../../../core/plan/plan-json.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import { richProgram, smallProgram } from "./sample-plans.ts";

const schema = JSON.parse(
  readFileSync(new URL("../../../docs/plan.schema.json", import.meta.url), "utf8"),
) as AnySchema;
const validate = new Ajv2020({ allErrors: true, strict: true }).compile(schema);

const plans: readonly [string, Plan][] = [
  ["a small plan", smallProgram().plan],
  ["a plan with everything", richProgram().plan],
];

/** Every path of a JSON value, e.g. `jobGraph.edges.0.from`. */
function paths(value: unknown, at = ""): readonly string[] {
  if (typeof value !== "object" || value === null) return [at];
  return Object.entries(value).flatMap(([key, inner]) =>
    paths(inner, at === "" ? key : `${at}.${key}`),
  );
}

function replaced(json: string, path: string, by: unknown): string {
  const root = JSON.parse(json) as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let owner: Record<string, unknown> = root;
  for (const key of keys) owner = owner[key] as Record<string, unknown>;
  owner[last] = by;
  return JSON.stringify(root);
}

describe("a plan as JSON", () => {
  test.each(plans)("%s fits the published schema", (_name, plan) => {
    expect(validate(JSON.parse(planToJson(plan)))).toBe(true);
    expect(validate.errors).toBeNull();
  });

  test.each(plans)("%s comes back as it was, and frozen", (_name, plan) => {
    const read = parsePlan(planToJson(plan));
    expect(read).toEqual(plan);
    expect(Object.isFrozen(read.streamGraph.operators[0])).toBe(true);
  });

  test("is the same text for equal plans, whatever the order of their fields", () => {
    const { plan } = richProgram();
    const shuffled = Object.fromEntries(Object.entries(plan).reverse());
    expect(planToJson(shuffled as unknown as Plan)).toBe(planToJson(plan));
    expect(planToJson(richProgram().plan)).toBe(planToJson(plan));
  });

  test("neither the schema nor the reader takes a wrong type anywhere", () => {
    const json = planToJson(richProgram().plan);
    for (const path of paths(JSON.parse(json))) {
      const wrong = replaced(json, path, [true]);
      expect(validate(JSON.parse(wrong)), `schema: ${path}`).toBe(false);
      expect(() => parsePlan(wrong), `reader: ${path}`).toThrow(/plan/);
    }
  });

  test("neither the schema nor the reader takes a field too many", () => {
    const json = planToJson(smallProgram().plan);
    const more = replaced(json, "jobGraph.vertices.0.extra", 1);
    expect(validate(JSON.parse(more))).toBe(false);
    expect(() => parsePlan(more)).toThrow(
      'plan.jobGraph.vertices[0] is not without field "extra" (got "extra")',
    );
  });

  test.each<[string, (json: string) => string, string]>([
    ["text that is no JSON", () => "plan", 'the plan is no JSON (got "plan")'],
    ["a list", () => "[]", "the plan has a format that is not known here (got [], known is 1)"],
    [
      "another format",
      (json) => replaced(json, "format", 2),
      "the plan has a format that is not known here (got 2, known is 1)",
    ],
    [
      "an unknown partitioning",
      (json) => replaced(json, "streamGraph.edges.0.partitioning", "random"),
      'plan.streamGraph.edges[0].partitioning is not one of "forward", "hash", "rebalance", "rescale", "shuffle", "broadcast", "global" (got "random")',
    ],
    [
      "a parallelism of 0",
      (json) => replaced(json, "streamGraph.operators.1.parallelism", 0),
      "plan.streamGraph.operators[1].parallelism is not a positive integer (got 0)",
    ],
    [
      "a plan changed by hand",
      (json) => replaced(json, "streamGraph.operators.1.parallelism", 2),
      "the plan's hash is not its own",
    ],
  ])("the reader refuses %s", (_name, change, message) => {
    expect(() => parsePlan(change(planToJson(smallProgram().plan)))).toThrow(message);
  });
});

describe("a plan", () => {
  test("is frozen to the ground", () => {
    const open = (value: unknown, path: string): readonly string[] =>
      typeof value !== "object" || value === null
        ? []
        : [
            ...(Object.isFrozen(value) ? [] : [path]),
            ...Object.entries(value).flatMap(([key, inner]) => open(inner, `${path}.${key}`)),
          ];
    expect(open(richProgram().plan, "plan")).toEqual([]);
  });
});
