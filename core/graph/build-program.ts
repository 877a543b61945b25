import { assert } from "../assert.ts";
import { planHash } from "../plan/plan-hash.ts";
import { PLAN_FORMAT } from "../plan/plan.ts";
import type { OperatorEdge, Plan, StreamGraph } from "../plan/plan.ts";
import { deepFreeze } from "../record/index.ts";
import type { Program } from "../runtime/program.ts";
import { DEAD_LETTERS } from "../runtime/undo-log.ts";
import { checkNames, checkNotEmpty, checkStreamGraph } from "./check-stream-graph.ts";
import { deriveUids } from "./derive-uids.ts";
import { buildExecutionGraph } from "./execution-graph.ts";
import { buildJobGraph, chainOperators } from "./job-graph.ts";
import type { Chains } from "./job-graph.ts";
import type { ResolvedSettings } from "./resolved-settings.ts";
import { buildStreamGraph, operatorSettings } from "./stream-graph.ts";
import type { Transformation } from "./transformation.ts";

export interface BuildProgramInput {
  /** The job's name. */
  readonly job: string;
  /** In order of creation: what feeds a transformation comes before it. */
  readonly transformations: readonly Transformation[];
  readonly settings: ResolvedSettings;
  /** The sink that takes dead letters; without inputs, they come from every chain. Null: none. */
  readonly deadLetters?: Transformation | null;
}

/**
 * Plans a job: transformations -> stream graph -> job graph -> execution graph, all frozen. What
 * cannot run is a PlanError that names the operator.
 */
export function buildProgram(input: BuildProgramInput): Program {
  const deadLetters = input.deadLetters ?? null;
  const streams = input.transformations.filter((other) => other !== deadLetters);
  checkNotEmpty(input.job, streams);
  // The dead-letter sink comes last, because every chain feeds it.
  const transformations = deadLetters === null ? streams : [...streams, deadLetters];
  checkOrder(transformations);
  checkNames(input.job, transformations);
  const uids = deriveUids(transformations);
  const graphInput = { transformations, uids, settings: input.settings, deadLetters };
  const operators = buildStreamGraph(graphInput);
  checkStreamGraph(input.job, operators, sinkUids(transformations, uids));

  const chains = chainOperators(operators);
  const deadLettersUid = deadLetters === null ? null : (uids.get(deadLetters) ?? null);
  const streamGraph = withDeadLetterEdges(operators, chains, deadLettersUid);
  const bufferTimeouts = bufferTimeoutsByUid(transformations, uids);
  const jobGraph = buildJobGraph(
    streamGraph,
    chains,
    (uid) => bufferTimeouts.get(uid) ?? input.settings.execution.bufferTimeoutMs,
  );
  const plan: Plan = {
    format: PLAN_FORMAT,
    job: input.job,
    streamGraph,
    jobGraph,
    executionGraph: buildExecutionGraph(input.job, streamGraph, jobGraph),
    settings: [...input.settings.values, ...operatorSettings(graphInput)],
    planHash: planHash(streamGraph, jobGraph),
  };
  return Object.freeze({
    plan: deepFreeze(plan),
    implementations: new Map(
      transformations.map((transformation) => [
        uids.get(transformation) ?? "",
        transformation.implementation,
      ]),
    ),
    settings: deepFreeze(input.settings.execution),
    deadLetters: deadLettersUid,
  });
}

function checkOrder(transformations: readonly Transformation[]): void {
  const seen = new Set<Transformation>();
  for (const transformation of transformations) {
    assert(
      transformation.inputs.every((input) => seen.has(input.from)),
      `PL2: the inputs of transformation ${transformation.id} come before it`,
    );
    seen.add(transformation);
  }
}

function sinkUids(
  transformations: readonly Transformation[],
  uids: ReadonlyMap<Transformation, string>,
): ReadonlySet<string> {
  const sinks = transformations.filter(({ implementation }) => implementation.kind === "sink");
  return new Set(sinks.map((sink) => uids.get(sink) ?? ""));
}

function withDeadLetterEdges(
  graph: StreamGraph,
  chains: Chains,
  deadLetters: string | null,
): StreamGraph {
  if (deadLetters === null) return graph;
  const heads = graph.operators.filter(
    (node) => chains.get(node.uid) === node.uid && node.uid !== deadLetters,
  );
  const edges = heads.map((head): OperatorEdge => ({
    from: head.uid,
    to: deadLetters,
    input: 0,
    partitioning: "rebalance",
    sideOutput: DEAD_LETTERS,
  }));
  return { operators: graph.operators, edges: [...graph.edges, ...edges] };
}

function bufferTimeoutsByUid(
  transformations: readonly Transformation[],
  uids: ReadonlyMap<Transformation, string>,
): ReadonlyMap<string, number> {
  const timeouts = new Map<string, number>();
  for (const transformation of transformations) {
    const { bufferTimeoutMs } = transformation;
    if (bufferTimeoutMs !== null) timeouts.set(uids.get(transformation) ?? "", bufferTimeoutMs);
  }
  return timeouts;
}
