import { durationMs, formatDuration } from "../duration.ts";
import { limits } from "../limits.ts";
import type {
  OperatorEdge,
  OperatorNode,
  Partitioning,
  SettingValue,
  StateSpec,
  StreamGraph,
} from "../plan/plan.ts";
import { defaultMaxParallelism } from "../record/index.ts";
import type { Implementation } from "../runtime/program.ts";
import type { StateDescriptor } from "../state/index.ts";
import type { ResolvedSettings } from "./resolved-settings.ts";
import type { Transformation, TransformationInput } from "./transformation.ts";

/** What turns transformations into nodes: their uids and the settings of the job. */
export interface StreamGraphInput {
  readonly transformations: readonly Transformation[];
  readonly uids: ReadonlyMap<Transformation, string>;
  readonly settings: ResolvedSettings;
  /** Runs with one subtask unless the user says otherwise: dead letters are rare. */
  readonly deadLetters: Transformation | null;
}

/** The group of operators that are in no other, and whose inputs are in different ones. */
const DEFAULT_SLOT_SHARING_GROUP = "default";

/** Applies precedence and defaults; checks nothing (`check-stream-graph.ts`). */
export function buildStreamGraph(input: StreamGraphInput): StreamGraph {
  const groups = slotSharingGroups(input.transformations);
  const operators = input.transformations.map((transformation) =>
    nodeOf(transformation, groups.get(transformation) ?? DEFAULT_SLOT_SHARING_GROUP, input),
  );
  const parallelism = new Map(operators.map((node) => [node.uid, node.parallelism]));
  const edges = input.transformations.flatMap((transformation) =>
    transformation.inputs.map((from) => edgeOf(from, transformation, input.uids, parallelism)),
  );
  return { operators, edges };
}

function nodeOf(
  transformation: Transformation,
  slotSharingGroup: string,
  input: StreamGraphInput,
): OperatorNode {
  const { kind, name, config, chaining, keyed, watermarkSteps, implementation } = transformation;
  const fallback = transformation === input.deadLetters ? 1 : input.settings.parallelism;
  const parallelism = transformation.parallelism ?? fallback;
  return {
    uid: input.uids.get(transformation) ?? "",
    uidGiven: transformation.uid !== null,
    name,
    kind,
    config: { ...config },
    parallelism,
    maxParallelism:
      transformation.maxParallelism ?? input.settings.maxParallelism ?? derivedMax(parallelism),
    slotSharingGroup,
    chaining,
    keyed,
    states: implementation.kind === "operator" ? implementation.states.map(stateSpec) : [],
    watermarkSteps,
    guarantee: guaranteeOf(implementation),
  };
}

/** A parallelism beyond the limits is reported as such, not as what follows from it. */
function derivedMax(parallelism: number): number {
  const known = Number.isInteger(parallelism) && parallelism >= 1;
  return known && parallelism <= limits.maxParallelismMax
    ? defaultMaxParallelism(parallelism)
    : limits.maxParallelismMax;
}

function stateSpec(descriptor: StateDescriptor): StateSpec {
  const { name, kind, version, ttl } = descriptor;
  if (ttl === undefined) return { name, kind, version: version ?? 1, ttlMs: null };
  const { update: _update, returnExpired: _returnExpired, ...duration } = ttl;
  const ttlMs = durationMs(duration, `ttl of state "${name}"`);
  return { name, kind, version: version ?? 1, ttlMs };
}

function guaranteeOf(implementation: Implementation): string | null {
  switch (implementation.kind) {
    case "source":
      return implementation.source.replayable ? "replayable" : "not replayable";
    case "sink":
      return implementation.sink.guarantee;
    case "operator":
      return null;
  }
}

function edgeOf(
  from: TransformationInput,
  to: Transformation,
  uids: ReadonlyMap<Transformation, string>,
  parallelism: ReadonlyMap<string, number>,
): OperatorEdge {
  const fromUid = uids.get(from.from) ?? "";
  const toUid = uids.get(to) ?? "";
  const equal = parallelism.get(fromUid) === parallelism.get(toUid);
  const byDefault: Partitioning = equal ? "forward" : "rebalance";
  return {
    from: fromUid,
    to: toUid,
    input: from.input,
    partitioning: from.partitioning ?? byDefault,
    sideOutput: from.sideOutput,
  };
}

/** The given group, else the one that all inputs share, as in Flink. */
function slotSharingGroups(
  transformations: readonly Transformation[],
): ReadonlyMap<Transformation, string> {
  const groups = new Map<Transformation, string>();
  for (const transformation of transformations) {
    const above = new Set(transformation.inputs.map((input) => groups.get(input.from)));
    const [inherited = DEFAULT_SLOT_SHARING_GROUP] = above.size === 1 ? above : [];
    groups.set(transformation, transformation.slotSharingGroup ?? inherited);
  }
  return groups;
}

/** What the user set on single operators, for `explain`. */
export function operatorSettings(input: StreamGraphInput): readonly SettingValue[] {
  return input.transformations.flatMap((transformation) => {
    const scope = input.uids.get(transformation) ?? "";
    const { parallelism, maxParallelism, slotSharingGroup, bufferTimeoutMs } = transformation;
    const set: readonly (readonly [string, string | number | null])[] = [
      ["parallelism", parallelism],
      ["maxParallelism", maxParallelism],
      ["slotSharingGroup", slotSharingGroup],
      ["bufferTimeout", bufferTimeoutMs === null ? null : formatDuration(bufferTimeoutMs)],
    ];
    return set.flatMap(([name, value]): readonly SettingValue[] =>
      value === null ? [] : [{ name, value: String(value), origin: "operator", scope }],
    );
  });
}
