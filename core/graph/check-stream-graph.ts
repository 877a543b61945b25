import { PlanError, show } from "../errors.ts";
import { isName, toName } from "../ids.ts";
import { limits } from "../limits.ts";
import type { OperatorEdge, OperatorNode, StreamGraph } from "../plan/plan.ts";
import { operatorLabel } from "./operator-label.ts";
import type { Transformation } from "./transformation.ts";

/** Refuses names and uids that cannot be persisted or told apart. Before uids are derived. */
export function checkNames(job: string, transformations: readonly Transformation[]): void {
  if (!isName(job)) {
    throw planError(
      job,
      "PLAN_INVALID_NAME",
      `a job's name is not valid (got ${show(job)})`,
      NAMES,
    );
  }
  const owners = new Map<string, Transformation>();
  for (const transformation of transformations) {
    const { name, uid, slotSharingGroup } = transformation;
    const label = operatorLabel(transformation);
    checkOperatorName(job, transformation.kind, name);
    if (slotSharingGroup !== null) {
      checkName(job, "PLAN_INVALID_NAME", `the slot sharing group of ${label}`, slotSharingGroup);
    }
    if (uid === null) continue;
    checkName(job, "PLAN_INVALID_UID", `the uid of ${label}`, uid);
    const owner = owners.get(uid);
    if (owner !== undefined) {
      throw planError(
        job,
        "PLAN_DUPLICATE_UID",
        `${operatorLabel(owner)} and ${label} have the same uid "${uid}"`,
        "give each operator its own uid",
      );
    }
    owners.set(uid, transformation);
  }
}

const NAMES =
  "use letters, digits and . _ -, beginning with a letter or digit, at most 128 characters";

function checkName(job: string, code: string, what: string, name: string): void {
  if (isName(name)) return;
  const hint = `${NAMES}, for instance "${toName(name)}"`;
  throw planError(job, code, `${what} is not valid (got ${show(name)})`, hint);
}

/** Names are for people: any text of one line. */
function checkOperatorName(job: string, kind: string, name: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (name.length >= 1 && name.length <= 128 && !/[\u0000-\u001f\u007f]/.test(name)) return;
  const message = `the name of a ${kind} operator is not valid (got ${show(name)})`;
  throw planError(job, "PLAN_INVALID_NAME", message, "use one line of 1 to 128 characters");
}

/** Refuses a job without a stream; a sink for dead letters alone is none. */
export function checkNotEmpty(job: string, streams: readonly Transformation[]): void {
  if (streams.length > 0) return;
  const hint = "call env.fromSource(...) in build and end the stream with sinkTo(...) or print()";
  throw planError(job, "PLAN_EMPTY", "build describes no stream", hint);
}

/** Refuses graphs that cannot run. */
export function checkStreamGraph(
  job: string,
  graph: StreamGraph,
  sinks: ReadonlySet<string>,
): void {
  for (const node of graph.operators) {
    checkParallelism(job, node);
    checkStates(job, node);
  }
  const nodes = new Map(graph.operators.map((node) => [node.uid, node]));
  for (const edge of graph.edges) checkForward(job, edge, nodes);
  for (const node of graph.operators) checkKeyed(job, node, graph.edges);
  checkSinks(job, graph, sinks);
}

function checkParallelism(job: string, node: OperatorNode): void {
  const label = operatorLabel(node);
  const bounds: readonly (readonly [string, number, number])[] = [
    ["parallelism", node.parallelism, limits.parallelismMax],
    ["max parallelism", node.maxParallelism, limits.maxParallelismMax],
  ];
  for (const [what, value, max] of bounds) {
    if (Number.isInteger(value) && value >= 1 && value <= max) continue;
    throw planError(
      job,
      "PLAN_PARALLELISM",
      `the ${what} of ${label} is not an integer from 1 to ${max} (got ${show(value)})`,
      "correct it on the operator, in the job file, on the command line or in the config file",
    );
  }
  if (node.maxParallelism < node.parallelism) {
    throw planError(
      job,
      "PLAN_MAX_PARALLELISM",
      `the max parallelism of ${label} is below its parallelism (got ${node.maxParallelism} < ${node.parallelism})`,
      "raise maxParallelism or lower the parallelism",
    );
  }
}

function checkStates(job: string, node: OperatorNode): void {
  const seen = new Set<string>();
  for (const state of node.states) {
    const where = `of ${operatorLabel(node)}`;
    checkName(job, "PLAN_INVALID_STATE", `the name of a state ${where}`, state.name);
    if (!Number.isInteger(state.version) || state.version < 1) {
      const message = `the version of state "${state.name}" ${where} is not a positive integer (got ${show(state.version)})`;
      throw planError(job, "PLAN_INVALID_STATE", message, "count versions 1, 2, 3, ...");
    }
    if (seen.has(state.name)) {
      const message = `two states ${where} have the name "${state.name}"`;
      throw planError(job, "PLAN_DUPLICATE_STATE", message, "give each state its own name");
    }
    seen.add(state.name);
  }
}

function checkForward(
  job: string,
  edge: OperatorEdge,
  nodes: ReadonlyMap<string, OperatorNode>,
): void {
  const from = nodes.get(edge.from);
  const to = nodes.get(edge.to);
  if (edge.partitioning !== "forward" || from === undefined || to === undefined) return;
  if (from.parallelism === to.parallelism) return;
  throw planError(
    job,
    "PLAN_FORWARD_PARALLELISM",
    `forward() from ${operatorLabel(from)} to ${operatorLabel(to)} needs equal parallelism (got ${from.parallelism} and ${to.parallelism})`,
    "set the same parallelism on both, or use rescale() or rebalance()",
  );
}

/** A keyed operator reads hash edges; only broadcast state may reach it beside them. */
function checkKeyed(job: string, node: OperatorNode, edges: readonly OperatorEdge[]): void {
  if (!node.keyed) return;
  const inputs = edges.filter((edge) => edge.to === node.uid);
  const keyless = inputs.find(
    (edge) => edge.partitioning !== "hash" && edge.partitioning !== "broadcast",
  );
  if (keyless === undefined && inputs.some((edge) => edge.partitioning === "hash")) return;
  const got = keyless === undefined ? "no hash edge" : `a ${keyless.partitioning} edge`;
  throw planError(
    job,
    "PLAN_NOT_KEYED",
    `${operatorLabel(node)} works per key, but its input is not keyed (got ${got})`,
    "call keyBy(...) directly before it",
  );
}

/** A stream that ends nowhere is a mistake; a side output that nobody reads is none. */
function checkSinks(job: string, graph: StreamGraph, sinks: ReadonlySet<string>): void {
  const read = new Set(graph.edges.map((edge) => edge.from));
  const loose = graph.operators.filter((node) => !sinks.has(node.uid) && !read.has(node.uid));
  if (loose.length === 0) return;
  const labels = loose.map(operatorLabel);
  throw planError(
    job,
    "PLAN_NO_SINK",
    labels.length === 1
      ? `the stream of ${labels.join()} reaches no sink`
      : `the streams of ${labels.join(", ")} reach no sink`,
    "end it with sinkTo(...) or print(), or remove it",
  );
}

function planError(job: string, code: string, message: string, hint: string): PlanError {
  return new PlanError(message, { code, hint, where: isName(job) ? { job } : {} });
}
