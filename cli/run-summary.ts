import type { ParamValue } from "../core/api/resolve-params.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { FunctionsFigures } from "../infra/local/functions/functions-result.ts";
import type { JobResult } from "../infra/local/job-events.ts";

/** What is worth knowing when a job has ended. */
export interface RunSummary {
  readonly job: string;
  /** The params as text, by name; secrets as their references. */
  readonly params: Readonly<Record<string, string>>;
  readonly state: JobResult["state"];
  /** Records that the sources emitted. */
  readonly records: number;
  /** The checkpoint that all counts begin at; null: the beginning. */
  readonly countedFrom: number | null;
  /** Records that came too late for their windows, dropped or sent to a side output. */
  readonly lateRecords: number;
  readonly sinks: readonly SinkSummary[];
  readonly checkpoints: number;
  readonly lastCheckpoint: number | null;
  readonly checkpointDir: string;
  readonly restarts: number;
  readonly durationMs: number;
  readonly recordsPerSecond: number;
  readonly peakMemoryBytes: number;
  readonly accumulators: Readonly<Record<string, number>>;
  /** Of `--host functions`: then the other counts are those of this process's workers, as far as they lived to report them. Else null. */
  readonly functions: FunctionsSummary | null;
}

export interface FunctionsSummary extends FunctionsFigures {
  readonly recordsPerTurn: number;
}

/** What `--report` prints about a job that has finished. */
export type Report = (summary: RunSummary) => string | Promise<string>;

export interface SinkSummary {
  readonly uid: string;
  readonly name: string;
  /** Where its output lies, e.g. `files(out/hourly)`. */
  readonly target: string;
  readonly records: number;
}

export interface SummaryInput {
  readonly plan: Plan;
  readonly params: readonly ParamValue[];
  readonly result: JobResult & { readonly functions?: FunctionsFigures };
  /** What the last attempt was restored from: counts are those of the last attempt. */
  readonly restoredFrom: number | null;
  readonly checkpointDir: string;
  readonly peakMemoryBytes: number;
}

export function summarize(input: SummaryInput): RunSummary {
  const { plan, result } = input;
  const { state, records, checkpoints, lastCheckpoint, restarts, durationMs } = result;
  return {
    job: plan.job,
    params: Object.fromEntries(input.params.map(({ name, value }) => [name, value])),
    state,
    records,
    countedFrom: input.restoredFrom,
    lateRecords: lateRecords(plan, result),
    sinks: sinks(plan, result),
    checkpoints,
    lastCheckpoint,
    checkpointDir: input.checkpointDir,
    restarts,
    durationMs,
    recordsPerSecond: durationMs === 0 ? 0 : records / (durationMs / 1_000),
    peakMemoryBytes: input.peakMemoryBytes,
    accumulators: result.accumulators,
    functions: functionsSummary(result),
  };
}

function functionsSummary({ functions, records }: SummaryInput["result"]): FunctionsSummary | null {
  if (functions === undefined) return null;
  const { turns } = functions;
  return { ...functions, recordsPerTurn: turns === 0 ? 0 : Math.round(records / turns) };
}

function sinks(plan: Plan, result: JobResult): readonly SinkSummary[] {
  return plan.streamGraph.operators
    .filter((node) => node.kind === "sink")
    .map(({ uid, uidGiven, name, config }) => ({
      uid,
      name: uidGiven ? uid : name,
      target: config["sink"] ?? "",
      records: sum(result, uid, "numRecordsIn"),
    }));
}

/** Dropped ones are counted by the window operator, those of a side output where they end. */
function lateRecords(plan: Plan, result: JobResult): number {
  const { operators, edges } = plan.streamGraph;
  let late = 0;
  for (const { uid, config } of operators) {
    late += sum(result, uid, "numLateRecordsDropped");
    const output = config["lateOutput"];
    const first = edges.find((edge) => edge.from === uid && edge.sideOutput === (output ?? ""));
    if (first !== undefined) late += sum(result, first.to, "numRecordsIn");
  }
  return late;
}

/** A metric summed over the subtasks of an operator. */
function sum(result: JobResult, uid: string, metric: string): number {
  let total = 0;
  for (const [name, value] of Object.entries(result.metrics)) {
    if (!name.startsWith(`${uid}.`) || !name.endsWith(`.${metric}`)) continue;
    if (!/^\d+$/.test(name.slice(uid.length + 1, -metric.length - 1))) continue;
    if (typeof value === "number") total += value;
  }
  return total;
}
