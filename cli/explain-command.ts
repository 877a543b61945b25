import { assertNever } from "../core/assert.ts";
import { buildJob } from "../core/api/build-job.ts";
import { type PlanGraph, explainMermaid, explainText } from "../core/graph/index.ts";
import { canonicalJson } from "../core/plan/canonical-json.ts";
import { planToJson } from "../core/plan/plan-json.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { ExplainArguments } from "./command-line.ts";
import { loadJobWithOptions } from "./job-options.ts";

/** The plan of a job, or one of its graphs, as text. */
export async function explain(args: ExplainArguments): Promise<string> {
  const { job, options } = await loadJobWithOptions(args);
  const { program, params } = buildJob(job, options);
  const { plan } = program;
  switch (args.format) {
    case "text":
      return explainText(plan, params, args.graph);
    case "json":
      return args.graph === null
        ? planToJson(plan)
        : `${canonicalJson(graphOf(plan, args.graph), 2)}\n`;
    case "mermaid":
      return explainMermaid(plan, args.graph ?? "job");
    default:
      return assertNever(args.format);
  }
}

function graphOf(plan: Plan, graph: PlanGraph): unknown {
  switch (graph) {
    case "stream":
      return plan.streamGraph;
    case "job":
      return plan.jobGraph;
    case "execution":
      return plan.executionGraph;
    default:
      return assertNever(graph);
  }
}
