import type { JobEdge } from "../plan/plan.ts";
import type { ResultPartition } from "./result-partition.ts";
import type { TaskEnvironment } from "./task-environment.ts";

export interface TaskMetrics {
  /** Records that the head of the chain has taken in; null: it counts them itself. */
  readonly recordsIn: (() => number) | null;
  readonly watermark: () => number;
  readonly partitions: readonly ResultPartition[];
}

/**
 * Registers what a task knows anyhow, under Flink's names; nothing is counted for it record by record.
 * `numRecordsOut` counts what left for other tasks, once per receiver: what is held back leaves later,
 * maybe from another copy of the task.
 */
export function registerTaskMetrics(environment: TaskEnvironment, task: TaskMetrics): void {
  const { metrics, vertex, subtask, program } = environment;
  const groupOf = (uid: string) => metrics.addGroup(uid).addGroup(String(subtask));
  groupOf(vertex.id).gauge("currentOutputWatermark", task.watermark);
  if (task.recordsIn !== null) groupOf(vertex.id).counted("numRecordsIn", task.recordsIn);
  const { edges } = program.plan.jobGraph;
  for (const [from, partitions] of bySender(task.partitions, edges)) {
    groupOf(from).counted("numRecordsOut", () =>
      partitions.reduce((sum, { recordsSent }) => sum + recordsSent, 0),
    );
  }
}

function bySender(
  partitions: readonly ResultPartition[],
  edges: readonly JobEdge[],
): ReadonlyMap<string, readonly ResultPartition[]> {
  const senders = new Map<string, ResultPartition[]>();
  for (const partition of partitions) {
    const from = edges[partition.edge]?.from ?? "";
    const known = senders.get(from);
    if (known === undefined) senders.set(from, [partition]);
    else known.push(partition);
  }
  return senders;
}
