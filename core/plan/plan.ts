/**
 * The plan: what runs, as frozen plain data that fits JSON. It names operators, never functions;
 * `Program` (runtime) holds those beside it under the same uids.
 *
 *   PL1  operator uids are unique in a plan
 *   PL2  an operator's inputs come before it in `operators` (topological order)
 *   PL3  a chain's operators have one parallelism, and only its head has inputs from other chains
 */
export const PLAN_FORMAT = 1;

/** What a plan knows of a state: enough to check a restore and to explain the job. */
export interface StateSpec {
  readonly name: string;
  readonly kind:
    | "value"
    | "list"
    | "map"
    | "reducing"
    | "aggregating"
    | "operator-list"
    | "operator-union"
    | "broadcast";
  readonly version: number;
  readonly ttlMs: number | null;
}

export type ChainingStrategy = "always" | "never" | "head";

/** How records are spread over the channels of an edge. `hash` needs a key selector. */
export type Partitioning =
  "forward" | "hash" | "rebalance" | "rescale" | "shuffle" | "broadcast" | "global";

/**
 * Instants at which something downstream can react to the watermark: `offsetMs + k * periodMs`.
 * `every`: any advance matters (user timers, custom triggers, functions that read the watermark).
 */
export type WatermarkSteps =
  | { readonly kind: "every" }
  | {
      readonly kind: "steps";
      readonly steps: readonly { readonly periodMs: number; readonly offsetMs: number }[];
    };

/** An operator of the stream graph. */
export interface OperatorNode {
  /** Stable over restarts; given by the user or derived from the topology. */
  readonly uid: string;
  readonly uidGiven: boolean;
  readonly name: string;
  /** `source`, `map`, `window`, `sink`, ...: for people and for the hash, never for dispatch. */
  readonly kind: string;
  /** Kind-specific settings, for explain and the hash, e.g. `{ "assigner": "tumbling(1h)" }`. */
  readonly config: Readonly<Record<string, string>>;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly slotSharingGroup: string;
  readonly chaining: ChainingStrategy;
  /** Whether it runs with a current key (all its inputs are hash edges). */
  readonly keyed: boolean;
  readonly states: readonly StateSpec[];
  /** What of the watermark this operator itself reacts to; null: it only passes it on. */
  readonly watermarkSteps: WatermarkSteps | null;
  /** Declared guarantee of sources and sinks; null for others. */
  readonly guarantee: string | null;
}

export interface OperatorEdge {
  readonly from: string;
  readonly to: string;
  /** 0, or 1 for the second input of a two-input operator. */
  readonly input: 0 | 1;
  readonly partitioning: Partitioning;
  /** Name of the side output that feeds the edge; null for the main output. */
  readonly sideOutput: string | null;
}

export interface StreamGraph {
  readonly operators: readonly OperatorNode[];
  readonly edges: readonly OperatorEdge[];
}

/** A chain of operators: one task, and on Lambda one function. */
export interface JobVertex {
  /** The uid of the chain's head. */
  readonly id: string;
  /** `flights -> hourly`: the names of its operators. */
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Topological order; the first is the head. */
  readonly operators: readonly string[];
  /** Edges within the chain, passed by direct call. */
  readonly chained: readonly OperatorEdge[];
}

export interface JobEdge extends OperatorEdge {
  readonly fromVertex: string;
  readonly toVertex: string;
  /** Records held longer than this are sent, 0 = after every turn. */
  readonly bufferTimeoutMs: number;
  /** A watermark alone travels on this edge only when it crosses one of these. */
  readonly watermarkSteps: WatermarkSteps;
}

export interface JobGraph {
  readonly vertices: readonly JobVertex[];
  readonly edges: readonly JobEdge[];
}

export interface Subtask {
  readonly vertex: string;
  readonly index: number;
  /** Inclusive range of key groups; null for vertices without key. */
  readonly keyGroups: { readonly first: number; readonly last: number } | null;
}

/** A channel from one subtask to another. */
export interface Channel {
  readonly edge: number;
  readonly from: number;
  readonly to: number;
}

export interface ExecutionGraph {
  readonly subtasks: readonly Subtask[];
  /** Per edge (index in JobGraph.edges) its channels. */
  readonly channels: readonly Channel[];
}

/** The value of one setting and where it came from, as `explain` prints it. */
export interface SettingValue {
  readonly name: string;
  readonly value: string;
  readonly origin: "operator" | "job" | "command line" | "config file" | "default";
  /** What it belongs to: the job, or an operator's uid. */
  readonly scope: string;
}

export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  readonly job: string;
  readonly streamGraph: StreamGraph;
  readonly jobGraph: JobGraph;
  readonly executionGraph: ExecutionGraph;
  readonly settings: readonly SettingValue[];
  /** Covers topology, uids, partitioning, parallelism, state names and schema versions (L7). */
  readonly planHash: string;
}
