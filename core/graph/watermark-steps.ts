import type { OperatorEdge, StreamGraph, WatermarkSteps } from "../plan/plan.ts";
import { NO_WATERMARK_STEPS, unionSteps } from "../plan/watermark-steps.ts";

/** The kind of operator that makes watermarks anew and swallows those that reach it (semantics 12). */
const TIMESTAMPS_KIND = "timestamps-and-watermarks";

/**
 * Per operator what it and everything behind it reacts to: the watermark steps of each edge that
 * leads to it. A watermark that nothing reacts to need not travel alone.
 */
export function watermarkStepsByOperator(graph: StreamGraph): ReadonlyMap<string, WatermarkSteps> {
  const needed = new Map<string, WatermarkSteps>();
  for (const operator of graph.operators.toReversed()) {
    const own = operator.watermarkSteps ?? NO_WATERMARK_STEPS;
    const behind = operator.kind === TIMESTAMPS_KIND ? [] : outgoing(graph.edges, operator.uid);
    const steps = behind.reduce(
      (union, edge) => unionSteps(union, needed.get(edge.to) ?? NO_WATERMARK_STEPS),
      unionSteps(own, NO_WATERMARK_STEPS),
    );
    needed.set(operator.uid, steps);
  }
  return needed;
}

function outgoing(edges: readonly OperatorEdge[], uid: string): readonly OperatorEdge[] {
  return edges.filter((edge) => edge.from === uid);
}
