import type {
  JobEdge,
  JobGraph,
  JobVertex,
  OperatorEdge,
  OperatorNode,
  StreamGraph,
} from "../plan/plan.ts";
import { NO_WATERMARK_STEPS } from "../plan/watermark-steps.ts";
import { assert } from "../assert.ts";
import { watermarkStepsByOperator } from "./watermark-steps.ts";

/** Chains of operators: the head's uid by operator, heads mapped to themselves. */
export type Chains = ReadonlyMap<string, string>;

/**
 * Puts operators into chains, as Flink does. An operator joins the chain of what feeds it when that
 * is its only input edge, a forward edge (so the parallelism is equal) within one slot sharing group,
 * and both sides allow it.
 */
export function chainOperators(graph: StreamGraph): Chains {
  const nodes = new Map(graph.operators.map((node) => [node.uid, node]));
  const chains = new Map<string, string>();
  for (const node of graph.operators) {
    const [edge, ...others] = graph.edges.filter((candidate) => candidate.to === node.uid);
    const above = edge === undefined ? undefined : nodes.get(edge.from);
    const joins =
      edge !== undefined &&
      above !== undefined &&
      others.length === 0 &&
      isChainable(above, edge, node);
    chains.set(node.uid, joins ? (chains.get(edge.from) ?? edge.from) : node.uid);
  }
  return chains;
}

function isChainable(above: OperatorNode, edge: OperatorEdge, node: OperatorNode): boolean {
  return (
    edge.partitioning === "forward" &&
    above.chaining !== "never" &&
    node.chaining === "always" &&
    above.slotSharingGroup === node.slotSharingGroup
  );
}

/** `bufferTimeoutMs` answers for the operator at the upper end of an edge. */
export function buildJobGraph(
  graph: StreamGraph,
  chains: Chains,
  bufferTimeoutMs: (uid: string) => number,
): JobGraph {
  const heads = graph.operators.filter((node) => chains.get(node.uid) === node.uid);
  const steps = watermarkStepsByOperator(graph);
  const headOf = (uid: string): string => {
    const head = chains.get(uid);
    assert(head !== undefined, `PL2: operator ${uid} of an edge is in the graph`);
    return head;
  };
  const edges = graph.edges
    .filter((edge) => !isInside(edge, chains))
    .map((edge): JobEdge => ({
      ...edge,
      fromVertex: headOf(edge.from),
      toVertex: headOf(edge.to),
      bufferTimeoutMs: bufferTimeoutMs(edge.from),
      watermarkSteps: steps.get(edge.to) ?? NO_WATERMARK_STEPS,
    }));
  return { vertices: heads.map((head) => vertexOf(head, graph, chains)), edges };
}

function isInside(edge: OperatorEdge, chains: Chains): boolean {
  return chains.get(edge.to) !== edge.to;
}

function vertexOf(head: OperatorNode, graph: StreamGraph, chains: Chains): JobVertex {
  const operators = graph.operators.filter((node) => chains.get(node.uid) === head.uid);
  const chained = graph.edges.filter(
    (edge) => isInside(edge, chains) && chains.get(edge.to) === head.uid,
  );
  assert(
    operators.every((node) => node.parallelism === head.parallelism),
    `PL3: the chain of ${head.uid} has one parallelism`,
  );
  return {
    id: head.uid,
    name: chainName(head, operators, chained),
    parallelism: head.parallelism,
    maxParallelism: head.maxParallelism,
    operators: operators.map((node) => node.uid),
    chained,
  };
}

/** `a -> b`, and `a -> (b -> c, d)` where a chain forks. */
function chainName(
  node: OperatorNode,
  operators: readonly OperatorNode[],
  chained: readonly OperatorEdge[],
): string {
  const next = chained
    .filter((edge) => edge.from === node.uid)
    .flatMap((edge) => operators.filter((operator) => operator.uid === edge.to))
    .map((operator) => chainName(operator, operators, chained));
  if (next.length === 0) return node.name;
  return `${node.name} -> ${next.length === 1 ? (next[0] ?? "") : `(${next.join(", ")})`}`;
}
