import type { OperatorNode, Plan } from "../plan/plan.ts";
import { operatorLabel } from "./operator-label.ts";

/** What a sink of this plan keeps up when the job fails, and why. */
export interface SinkGuarantee {
  readonly uid: string;
  readonly guarantee: "exactly-once" | "at-least-once" | "none";
  /** Why it is not more; for exactly-once what it rests on. */
  readonly reason: string;
}

/**
 * Exactly-once end to end needs all three: sources that can be read again, checkpoints, and a sink
 * that commits with them.
 */
export function sinkGuarantees(plan: Plan): readonly SinkGuarantee[] {
  const checkpoints = plan.settings.some(
    (setting) => setting.name === "checkpointing" && setting.value === "true",
  );
  return plan.streamGraph.operators.flatMap((node) => {
    const declared = sinkGuaranteeOf(node);
    if (declared === null) return [];
    const lost = sourcesOf(plan, node.uid).filter((source) => source.guarantee !== "replayable");
    return [{ uid: node.uid, ...judge(declared, lost, checkpoints) }];
  });
}

type Guarantee = SinkGuarantee["guarantee"];

/** What the sink declares; null for operators that are no sinks. */
function sinkGuaranteeOf(node: OperatorNode): Guarantee | null {
  const { guarantee } = node;
  return guarantee === "exactly-once" || guarantee === "at-least-once" || guarantee === "none"
    ? guarantee
    : null;
}

function judge(
  declared: Guarantee,
  lost: readonly OperatorNode[],
  checkpoints: boolean,
): Omit<SinkGuarantee, "uid"> {
  if (declared === "none") return { guarantee: "none", reason: "the sink gives none" };
  if (!checkpoints) {
    return { guarantee: "none", reason: "checkpointing is off, so a failed job starts anew" };
  }
  if (lost.length > 0) {
    const names = lost.map(operatorLabel).join(", ");
    return {
      guarantee: "none",
      reason: `${names} cannot be read again, so a failure loses records`,
    };
  }
  return declared === "exactly-once"
    ? {
        guarantee: declared,
        reason: "replayable sources, checkpoints, and a sink that commits with them",
      }
    : { guarantee: declared, reason: "after a failure the sink may repeat records" };
}

/** The sources that feed an operator, over any number of edges. */
function sourcesOf(plan: Plan, uid: string): readonly OperatorNode[] {
  const reached = new Set([uid]);
  for (const { uid: candidate } of plan.streamGraph.operators.toReversed()) {
    const feeds = plan.streamGraph.edges.some(
      (edge) => edge.from === candidate && reached.has(edge.to),
    );
    if (feeds) reached.add(candidate);
  }
  return plan.streamGraph.operators.filter(
    (node) =>
      reached.has(node.uid) &&
      (node.guarantee === "replayable" || node.guarantee === "not replayable"),
  );
}
