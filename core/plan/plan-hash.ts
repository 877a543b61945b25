import { canonicalJson } from "./canonical-json.ts";
import type { JobGraph, OperatorEdge, OperatorNode, StreamGraph } from "./plan.ts";
import { sha256 } from "./sha256.ts";

/**
 * The hash of what must not change under a running job (L7): topology and its order, uids, kinds
 * and their config, partitioning, parallelism, max parallelism, chains, and the names, kinds and
 * versions of states. Names for people, buffer timeouts, TTLs and the settings of the job are not
 * in it.
 */
export function planHash(streamGraph: StreamGraph, jobGraph: JobGraph): string {
  const covered = {
    operators: streamGraph.operators.map(coveredOperator),
    edges: streamGraph.edges.map(coveredEdge),
    chains: jobGraph.vertices.map((vertex) => vertex.operators),
  };
  return sha256(canonicalJson(covered));
}

/** What the hash covers of an operator; two builds of one job are compared by it. */
export function coveredOperator(node: OperatorNode): object {
  const { uid, kind, config, parallelism, maxParallelism, slotSharingGroup, keyed } = node;
  const states = node.states.map(({ name, kind: stateKind, version }) => ({
    name,
    kind: stateKind,
    version,
  }));
  return { uid, kind, config, parallelism, maxParallelism, slotSharingGroup, keyed, states };
}

function coveredEdge(edge: OperatorEdge): object {
  const { from, to, input, partitioning, sideOutput } = edge;
  return { from, to, input, partitioning, sideOutput };
}
