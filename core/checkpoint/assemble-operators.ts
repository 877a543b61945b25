import { assert } from "../assert.ts";
import type { OperatorNode } from "../plan/plan.ts";
import type { OperatorStateEntry, SubtaskState } from "./snapshot.ts";

/** What one subtask of a vertex acknowledges: the stored state of its operators, by uid. */
export interface SubtaskAcknowledgement {
  readonly subtask: number;
  readonly operators: ReadonlyMap<string, SubtaskState>;
}

/**
 * The `operators` of a checkpoint's metadata: the acknowledgements of all subtasks by operator.
 * `coordinators` holds the states of the sources' enumerators by uid.
 */
export function assembleOperators(
  operators: readonly OperatorNode[],
  acknowledgements: readonly SubtaskAcknowledgement[],
  coordinators: ReadonlyMap<string, unknown>,
): readonly OperatorStateEntry[] {
  return operators.map((operator) => {
    const { uid, name, parallelism, maxParallelism, states } = operator;
    const subtasks: SubtaskState[] = [];
    for (const { subtask, operators: parts } of acknowledgements) {
      const part = parts.get(uid);
      if (part !== undefined) subtasks[subtask] = part;
    }
    for (let subtask = 0; subtask < parallelism; subtask += 1) {
      assert(subtasks[subtask] !== undefined, `subtask ${subtask} of ${uid} has acknowledged`);
    }
    const coordinator = coordinators.has(uid) ? { state: coordinators.get(uid) } : null;
    return { uid, name, parallelism, maxParallelism, states, subtasks, coordinator };
  });
}
