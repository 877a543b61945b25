import { assertNever } from "../assert.ts";
import type { JobVertex, OperatorEdge, OperatorNode, Plan } from "../plan/plan.ts";
import type { PlanGraph } from "./explain-text.ts";

/**
 * A graph of a plan as a Mermaid flowchart. The job graph, unless another is asked for: a box per
 * task, its operators within, edges with their kind.
 */
export function explainMermaid(plan: Plan, graph: PlanGraph = "job"): string {
  switch (graph) {
    case "stream":
      return drawStreamGraph(plan);
    case "job":
      return drawJobGraph(plan);
    case "execution":
      return drawExecutionGraph(plan);
    default:
      return assertNever(graph);
  }
}

function drawStreamGraph({ streamGraph }: Plan): string {
  const { operators, edges } = streamGraph;
  const ids = new Map(operators.map((node, index) => [node.uid, `o${index}`]));
  return flowchart([
    ...operators.map((node) => `${ids.get(node.uid)}["${label(node)}"]`),
    ...edges.map((edge) => arrow(edge, (uid) => ids.get(uid) ?? "", true)),
  ]);
}

/** Without words on the channels: there may be many. */
function drawExecutionGraph({ executionGraph, jobGraph }: Plan): string {
  const at = new Map(jobGraph.vertices.map(({ id }, index) => [id, index]));
  const idOf = (vertex: string, index: number): string => `t${at.get(vertex)}_${index}`;
  const boxes = jobGraph.vertices.flatMap(({ id, name }, index) => [
    `subgraph t${index}["task ${index + 1}: ${escape(name)}"]`,
    ...executionGraph.subtasks
      .filter(({ vertex }) => vertex === id)
      .map((subtask) => `  ${idOf(id, subtask.index)}["${subtask.index}"]`),
    "end",
  ]);
  const arrows = executionGraph.channels.flatMap(({ edge, from, to }) => {
    const between = jobGraph.edges[edge];
    if (between === undefined) return [];
    return [`${idOf(between.fromVertex, from)} ==> ${idOf(between.toVertex, to)}`];
  });
  return flowchart([...boxes, ...arrows]);
}

function flowchart(lines: readonly string[]): string {
  return `${["flowchart LR", ...lines.map((line) => `  ${line}`)].join("\n")}\n`;
}

function drawJobGraph(plan: Plan): string {
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
