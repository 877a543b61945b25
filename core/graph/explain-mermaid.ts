import type { JobVertex, OperatorEdge, OperatorNode, Plan } from "../plan/plan.ts";

/** A plan as a Mermaid flowchart: a box per task, its operators within, edges with their kind. */
export function explainMermaid(plan: Plan): string {
  const ids = new Map(plan.streamGraph.operators.map((node, index) => [node.uid, `o${index}`]));
  const idOf = (uid: string): string => ids.get(uid) ?? "";
  const nodes = new Map(plan.streamGraph.operators.map((node) => [node.uid, node]));
  const lines = [
    "flowchart LR",
    ...plan.jobGraph.vertices.flatMap((vertex, index) => task(vertex, index, nodes, idOf)),
    ...plan.jobGraph.edges.map((edge) => `  ${arrow(edge, idOf, true)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function task(
  vertex: JobVertex,
  index: number,
  nodes: ReadonlyMap<string, OperatorNode>,
  idOf: (uid: string) => string,
): readonly string[] {
  return [
    `  subgraph t${index}["task ${index + 1}, p ${vertex.parallelism}"]`,
    ...vertex.operators.map((uid) => `    ${idOf(uid)}["${label(nodes.get(uid))}"]`),
    ...vertex.chained.map((edge) => `    ${arrow(edge, idOf, false)}`),
    "  end",
  ];
}

function label(node: OperatorNode | undefined): string {
  if (node === undefined) return "";
  return node.name === node.kind
    ? escape(node.name)
    : `${escape(node.name)}<br/>${escape(node.kind)}`;
}

function arrow(edge: OperatorEdge, idOf: (uid: string) => string, between: boolean): string {
  const words = [
    ...(between ? [edge.partitioning] : []),
    ...(edge.sideOutput === null ? [] : [edge.sideOutput]),
  ];
  const text = words.length === 0 ? "" : `|"${escape(words.join(": "))}"|`;
  return `${idOf(edge.from)} ${between ? "==>" : "-->"}${text} ${idOf(edge.to)}`;
}

/** Mermaid reads `#quot;` and the like as characters, and everything else within quotes as it is. */
function escape(text: string): string {
  return text
    .replaceAll("#", "#35;")
    .replaceAll("&", "#amp;")
    .replaceAll('"', "#quot;")
    .replaceAll("<", "#lt;")
    .replaceAll(">", "#gt;");
}
