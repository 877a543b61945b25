import { assertNever } from "../assert.ts";
import { PlanError } from "../errors.ts";
import { limits } from "../limits.ts";
import type {
  Channel,
  ExecutionGraph,
  JobEdge,
  JobGraph,
  JobVertex,
  StreamGraph,
  Subtask,
} from "../plan/plan.ts";
import { keyGroupRange } from "../record/index.ts";

/** Subtasks with their key groups, and the channels between them; edges in order, senders in order. */
export function buildExecutionGraph(
  job: string,
  streamGraph: StreamGraph,
  jobGraph: JobGraph,
): ExecutionGraph {
  const keyed = new Set(streamGraph.operators.filter((node) => node.keyed).map((node) => node.uid));
  const parallelism = new Map(jobGraph.vertices.map((vertex) => [vertex.id, vertex.parallelism]));
  return {
    subtasks: jobGraph.vertices.flatMap((vertex) => subtasksOf(vertex, keyed.has(vertex.id))),
    channels: jobGraph.edges.flatMap((edge, index) => {
      const from = parallelism.get(edge.fromVertex) ?? 0;
      const to = parallelism.get(edge.toVertex) ?? 0;
      checkChannels(job, edge, from, to);
      return channelsOf(edge, index, from, to);
    }),
  };
}

function subtasksOf(vertex: JobVertex, keyed: boolean): Subtask[] {
  return Array.from({ length: vertex.parallelism }, (_, index) => ({
    vertex: vertex.id,
    index,
    keyGroups: keyed ? keyGroupRange(index, vertex.parallelism, vertex.maxParallelism) : null,
  }));
}

function channelsOf(edge: JobEdge, index: number, from: number, to: number): Channel[] {
  switch (edge.partitioning) {
    case "forward":
      return channels(index, from, (sender) => [sender, sender]);
    case "rescale":
      return channels(index, from, (sender) => rescaleTargets(sender, from, to));
    case "hash":
    case "rebalance":
    case "shuffle":
    case "broadcast":
    case "global":
      return channels(index, from, () => [0, to - 1]);
    default:
      return assertNever(edge.partitioning);
  }
}

/** The first and the last target of a sender. */
type Targets = readonly [first: number, last: number];

function channels(edge: number, senders: number, targets: (sender: number) => Targets): Channel[] {
  return Array.from({ length: senders }, (_, from) => from).flatMap((from) => {
    const [first, last] = targets(from);
    return Array.from({ length: last - first + 1 }, (_, offset) => ({
      edge,
      from,
      to: first + offset,
    }));
  });
}

/**
 * Flink's pointwise distribution: receiver r of fewer takes the senders from r*from/to on, receiver
 * r of more takes sender r*from/to.
 */
function rescaleTargets(sender: number, from: number, to: number): Targets {
  if (from >= to) {
    const receiver = Math.ceil(((sender + 1) * to) / from) - 1;
    return [receiver, receiver];
  }
  return [Math.ceil((sender * to) / from), Math.ceil(((sender + 1) * to) / from) - 1];
}

function checkChannels(job: string, edge: JobEdge, from: number, to: number): void {
  if (edge.partitioning === "forward" || edge.partitioning === "rescale") return;
  if (from * to <= limits.channelsPerEdgeMax) return;
  throw new PlanError(
    `the ${edge.partitioning} edge from ${edge.from} to ${edge.to} has too many channels (got ${from} x ${to} = ${from * to}, limit ${limits.channelsPerEdgeMax})`,
    {
      code: "PLAN_TOO_MANY_CHANNELS",
      hint: "lower the parallelism of one side, or use rescale()",
      where: { job },
    },
  );
}
