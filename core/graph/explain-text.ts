import { formatDuration } from "../duration.ts";
import type {
  ExecutionGraph,
  JobEdge,
  JobVertex,
  OperatorEdge,
  OperatorNode,
  Plan,
  StateSpec,
  WatermarkSteps,
} from "../plan/plan.ts";
import { sinkGuarantees } from "./guarantees.ts";
import { missingUids } from "./missing-uids.ts";

/** The graphs of a plan, from what the job says to what runs. */
export type PlanGraph = "stream" | "job" | "execution";

/** A param as `explain` prints it. */
export interface ExplainedParam {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
}

type Section = readonly [title: string, lines: readonly string[]];

/**
 * A plan as text for people: what runs, how it is spread, why each setting is as it is. With
 * `graph` only this one.
 */
export function explainText(
  plan: Plan,
  params: readonly ExplainedParam[] = [],
  graph: PlanGraph | null = null,
): string {
  const sections = [
    ...graphSections(plan).flatMap(([kind, ...section]) =>
      graph === null || kind === graph ? [section] : [],
    ),
    ...(graph === null ? otherSections(plan, params) : []),
  ];
  const text = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [title, ...lines.map((line) => `  ${line}`)].join("\n"));
  return `${[`job ${plan.job}, plan ${plan.planHash.slice(0, 12)}`, ...text].join("\n\n")}\n`;
}

function graphSections(plan: Plan): readonly (readonly [PlanGraph, ...Section])[] {
  const { streamGraph: stream, jobGraph: job, executionGraph: execution } = plan;
  return [
    ["stream", `Stream graph: ${amount(stream.operators.length, "operator")}`, streamGraph(plan)],
    ["job", `Job graph: ${amount(job.vertices.length, "task")}`, jobGraph(plan)],
    ["execution", executionTitle(execution), executionGraph(plan)],
  ];
}

function otherSections(plan: Plan, params: readonly ExplainedParam[]): readonly Section[] {
  return [
    ["Params", table(params.map(({ name, value, origin }) => [name, value, origin]))],
    ["Settings", settings(plan)],
    ["Guarantees", guarantees(plan)],
    ["Warnings", missingUids(plan).map((missing) => missing.warning)],
  ];
}

/** Cells in columns of equal width, two spaces apart; no spaces at the end of a line. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  }
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function streamGraph(plan: Plan): readonly string[] {
  const { operators, edges } = plan.streamGraph;
  const heads = table(
    operators.map((node) => [node.name, node.kind, `p ${node.parallelism}`, uidOf(node)]),
  );
  return operators.flatMap((node, index) => [
    heads[index] ?? "",
    ...details(node, edges, operators).map((line) => `  ${line}`),
  ]);
}

function uidOf(node: OperatorNode): string {
  return `uid ${node.uid}${node.uidGiven ? "" : " (derived)"}`;
}

function details(
  node: OperatorNode,
  edges: readonly OperatorEdge[],
  operators: readonly OperatorNode[],
): readonly string[] {
  const lines = edges
    .filter((edge) => edge.to === node.uid)
    .map((edge) => `from ${nameOf(edge.from, operators)}${describeEdge(edge)}`);
  for (const [name, value] of Object.entries(node.config)) lines.push(`${name}: ${value}`);
  if (node.states.length > 0) lines.push(`state: ${node.states.map(describeState).join(", ")}`);
  if (node.watermarkSteps !== null) {
    lines.push(`reacts to watermarks: ${describeSteps(node.watermarkSteps)}`);
  }
  return lines;
}

function nameOf(uid: string, operators: readonly OperatorNode[]): string {
  return operators.find((node) => node.uid === uid)?.name ?? uid;
}

function describeEdge(edge: OperatorEdge): string {
  const parts: string[] = [edge.partitioning];
  if (edge.sideOutput !== null) parts.push(`side output ${edge.sideOutput}`);
  if (edge.input === 1) parts.push("second input");
  return ` (${parts.join(", ")})`;
}

function describeState(state: StateSpec): string {
  const ttl = state.ttlMs === null ? "" : `, ttl ${formatDuration(state.ttlMs)}`;
  return `${state.name} (${state.kind}, version ${state.version}${ttl})`;
}

/** `every`, `none`, or `each 1h at -1ms`. */
function describeSteps(steps: WatermarkSteps): string {
  if (steps.kind === "every") return "every";
  if (steps.steps.length === 0) return "none";
  return steps.steps
    .map(({ periodMs, offsetMs }) => `each ${formatDuration(periodMs)}${at(periodMs, offsetMs)}`)
    .join(", ");
}

/** The instant nearest to the period's start: windows react 1 ms before their end. */
function at(periodMs: number, offsetMs: number): string {
  if (offsetMs === 0) return "";
  const nearest = offsetMs > periodMs / 2 ? offsetMs - periodMs : offsetMs;
  return ` at ${nearest < 0 ? "-" : "+"}${formatDuration(Math.abs(nearest))}`;
}

function jobGraph(plan: Plan): readonly string[] {
  const { vertices, edges } = plan.jobGraph;
  const tasks = vertices.map((vertex, index) => [
    `${index + 1}.`,
    vertex.name,
    `p ${vertex.parallelism}`,
    `max ${vertex.maxParallelism}`,
  ]);
  const between = edges.map((edge) => [
    `${taskOf(edge.fromVertex, vertices)} -> ${taskOf(edge.toVertex, vertices)}`,
    edge.sideOutput === null ? edge.partitioning : `${edge.partitioning} of ${edge.sideOutput}`,
    `buffer timeout ${formatDuration(edge.bufferTimeoutMs)}`,
    `watermark steps: ${describeSteps(edge.watermarkSteps)}`,
  ]);
  return [...table(tasks), ...table(between)];
}

function taskOf(id: string, vertices: readonly JobVertex[]): number {
  return vertices.findIndex((vertex) => vertex.id === id) + 1;
}

function executionTitle({ subtasks, channels }: ExecutionGraph): string {
  return `Execution graph: ${amount(subtasks.length, "subtask")}, ${amount(channels.length, "channel")}`;
}

function executionGraph(plan: Plan): readonly string[] {
  const { subtasks, channels } = plan.executionGraph;
  const { vertices, edges } = plan.jobGraph;
  const tasks = vertices.map((vertex, index) => {
    const own = subtasks.filter((subtask) => subtask.vertex === vertex.id);
    const groups = own.flatMap(({ keyGroups }) => keyGroups ?? []);
    const ranges = groups.map(({ first, last }) => `${first}-${last}`).join(" ");
    const keyed = groups.length === 0 ? "" : `key groups ${ranges}`;
    return [`task ${index + 1}`, amount(own.length, "subtask"), keyed];
  });
  const between = edges.map((edge: JobEdge, index) => [
    `${taskOf(edge.fromVertex, vertices)} -> ${taskOf(edge.toVertex, vertices)}`,
    amount(channels.filter((channel) => channel.edge === index).length, "channel"),
  ]);
  return [...table(tasks), ...table(between)];
}

function settings(plan: Plan): readonly string[] {
  return table(
    plan.settings.map(({ name, value, origin, scope }) => [
      name,
      value,
      origin === "operator" ? `operator ${scope}` : origin,
    ]),
  );
}

function guarantees(plan: Plan): readonly string[] {
  const { operators } = plan.streamGraph;
  const sources = operators
    .filter((node) => node.guarantee === "replayable" || node.guarantee === "not replayable")
    .map((node) => ["source", node.name, node.guarantee ?? "", ""]);
  const sinks = sinkGuarantees(plan).map(({ uid, guarantee, reason }) => [
    "sink",
    nameOf(uid, operators),
    guarantee === "exactly-once" ? "exactly-once end to end" : guarantee,
    reason,
  ]);
  return table([...sources, ...sinks]);
}
