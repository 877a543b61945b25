import { DataError, show } from "../errors.ts";
import { canonicalJson } from "./canonical-json.ts";
import { deepFreeze } from "../record/index.ts";
import { planHash } from "./plan-hash.ts";
import { PLAN_FORMAT } from "./plan.ts";
import type {
  Channel,
  JobEdge,
  JobVertex,
  OperatorEdge,
  OperatorNode,
  Plan,
  SettingValue,
  StateSpec,
  Subtask,
  WatermarkSteps,
} from "./plan.ts";
import {
  count,
  fields,
  integer,
  list,
  nullOr,
  oneOf,
  positive,
  text,
  texts,
  truth,
} from "./shape.ts";
import type { Shape } from "./shape.ts";

/** A plan as JSON, as `docs/plan.schema.json` describes it; equal plans give equal text. */
export function planToJson(plan: Plan): string {
  return `${canonicalJson(plan, 2)}\n`;
}

/**
 * Reads a plan back, frozen. Text that is no JSON, another format, a field that does not fit and a
 * hash that is not the plan's own are DataErrors.
 */
export function parsePlan(json: string): Plan {
  const value = parseJson(json);
  checkFormat(value);
  const plan = planShape(value, "plan");
  const hash = planHash(plan.streamGraph, plan.jobGraph);
  if (hash !== plan.planHash) {
    throw new DataError(`the plan's hash is not its own (got ${plan.planHash}, it has ${hash})`, {
      code: "DATA_PLAN_HASH",
      hint: "the plan was changed by hand; write it again with millrace explain --json",
    });
  }
  return deepFreeze(plan);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new DataError(`the plan is no JSON (got ${show(json.slice(0, 60))})`, {
      code: "DATA_PLAN",
      hint: "write it with millrace explain --json",
      cause: error,
    });
  }
}

function checkFormat(value: unknown): void {
  const isObject = typeof value === "object" && value !== null && "format" in value;
  if (isObject && value.format === PLAN_FORMAT) return;
  throw new DataError(
    `the plan has a format that is not known here (got ${show(isObject ? value.format : value)}, known is ${PLAN_FORMAT})`,
    { code: "DATA_PLAN_FORMAT", hint: "read it with the version of Millrace that wrote it" },
  );
}

const partitioning = oneOf(
  "forward",
  "hash",
  "rebalance",
  "rescale",
  "shuffle",
  "broadcast",
  "global",
);

const everyWatermark = fields<Extract<WatermarkSteps, { kind: "every" }>>({
  kind: oneOf("every"),
});

const someWatermarks = fields<Extract<WatermarkSteps, { kind: "steps" }>>({
  kind: oneOf("steps"),
  steps: list(fields({ periodMs: positive, offsetMs: integer })),
});

const watermarkSteps: Shape<WatermarkSteps> = (value, path) =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "every"
    ? everyWatermark(value, path)
    : someWatermarks(value, path);

const state = fields<StateSpec>({
  name: text,
  kind: oneOf(
    "value",
    "list",
    "map",
    "reducing",
    "aggregating",
    "operator-list",
    "operator-union",
    "broadcast",
  ),
  version: positive,
  ttlMs: nullOr(count),
});

const operator = fields<OperatorNode>({
  uid: text,
  uidGiven: truth,
  name: text,
  kind: text,
  config: texts,
  parallelism: positive,
  maxParallelism: positive,
  slotSharingGroup: text,
  chaining: oneOf("always", "never", "head"),
  keyed: truth,
  states: list(state),
  watermarkSteps: nullOr(watermarkSteps),
  guarantee: nullOr(text),
});

const operatorEdge = {
  from: text,
  to: text,
  input: oneOf(0, 1),
  partitioning,
  sideOutput: nullOr(text),
};

const edge = fields<OperatorEdge>(operatorEdge);

const jobEdge = fields<JobEdge>({
  ...operatorEdge,
  fromVertex: text,
  toVertex: text,
  bufferTimeoutMs: count,
  watermarkSteps,
});

const vertex = fields<JobVertex>({
  id: text,
  name: text,
  parallelism: positive,
  maxParallelism: positive,
  operators: list(text),
  chained: list(edge),
});

const subtask = fields<Subtask>({
  vertex: text,
  index: count,
  keyGroups: nullOr(fields({ first: count, last: count })),
});

const setting = fields<SettingValue>({
  name: text,
  value: text,
  origin: oneOf("operator", "job", "command line", "config file", "default"),
  scope: text,
});

const planShape = fields<Plan>({
  format: oneOf(PLAN_FORMAT),
  job: text,
  streamGraph: fields({ operators: list(operator), edges: list(edge) }),
  jobGraph: fields({ vertices: list(vertex), edges: list(jobEdge) }),
  executionGraph: fields({
    subtasks: list(subtask),
    channels: list(fields<Channel>({ edge: count, from: count, to: count })),
  }),
  settings: list(setting),
  planHash: text,
});
