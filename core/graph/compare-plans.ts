import { canonicalJson } from "../plan/canonical-json.ts";
import type { OperatorEdge, OperatorNode, Plan } from "../plan/plan.ts";
import { operatorLabel } from "./operator-label.ts";

/** The first difference between two plans of one job, as a clause; null when they are equal. */
export function planDifference(first: Plan, second: Plan): string | null {
  return (
    operatorDifference(first.streamGraph.operators, second.streamGraph.operators) ??
    edgeDifference(first.streamGraph.edges, second.streamGraph.edges) ??
    (first.planHash === second.planHash
      ? null
      : `the plan hash is ${first.planHash}, then ${second.planHash}`)
  );
}

function operatorDifference(
  first: readonly OperatorNode[],
  second: readonly OperatorNode[],
): string | null {
  const length = Math.max(first.length, second.length);
  for (let index = 0; index < length; index += 1) {
    const [a, b] = [first[index], second[index]];
    if (a !== undefined && b !== undefined) {
      const difference = fieldDifference(a, b);
      if (difference !== null) return `operator ${index + 1}, ${operatorLabel(a)}, ${difference}`;
    } else if (a !== undefined) {
      return `operator ${index + 1}, ${operatorLabel(a)}, is missing the second time`;
    } else if (b !== undefined) {
      return `operator ${index + 1}, ${operatorLabel(b)}, is there the second time only`;
    }
  }
  return null;
}

/** The derived uid follows from the other fields, so it is named only when nothing else differs. */
function fieldDifference(first: OperatorNode, second: OperatorNode): string | null {
  const fields = Object.keys(first) as (keyof OperatorNode)[];
  for (const field of [...fields.filter((name) => name !== "uid"), "uid" as const]) {
    const [a, b] = [canonicalJson(first[field]), canonicalJson(second[field])];
    if (a !== b) return `has ${field} ${a}, then ${b}`;
  }
  return null;
}

function edgeDifference(
  first: readonly OperatorEdge[],
  second: readonly OperatorEdge[],
): string | null {
  const texts = (edges: readonly OperatorEdge[]): string[] =>
    edges.map((edge) => canonicalJson(edge));
  const [a, b] = [texts(first), texts(second)];
  const index = a.findIndex((text, at) => text !== b[at]);
  if (index === -1 && a.length === b.length) return null;
  const edge = first[index] ?? second[a.length];
  return edge === undefined ? null : `the edge from ${edge.from} to ${edge.to} differs`;
}
