import type { OperatorNode, Plan } from "../plan/plan.ts";
import { operatorLabel } from "./operator-label.ts";

/** An operator whose state hangs on a derived uid, and the call that fixes the uid as it is now. */
export interface MissingUid {
  readonly uid: string;
  readonly line: string;
  readonly warning: string;
}

/** Operators with state, and sinks with something to commit, that the user gave no uid (decision m). */
export function missingUids(plan: Plan): readonly MissingUid[] {
  return plan.streamGraph.operators
    .filter((node) => !node.uidGiven && isStateful(node))
    .map((node) => {
      const line = `.uid("${node.uid}")`;
      const label = operatorLabel({ ...node, uid: null });
      const warning = `the uid ${node.uid} of ${label} is derived from its place in the job, so a change above it loses its state; add ${line} behind it`;
      return { uid: node.uid, line, warning };
    });
}

/**
 * Sources are left out: nothing stands above them, so their derived uid changes with their name
 * only. Keyed operators that react to the watermark have timers; sinks that are not exactly-once have
 * nothing pre-committed.
 */
function isStateful(node: OperatorNode): boolean {
  return (
    node.states.length > 0 ||
    (node.keyed && node.watermarkSteps !== null) ||
    node.guarantee === "exactly-once"
  );
}
