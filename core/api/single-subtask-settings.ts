import { PlanError, show } from "../errors.ts";
import { OperatorSettings } from "./operator-settings.ts";

/** The settings of a source that one subtask reads, as Flink's collections. */
export class SingleSubtaskSettings extends OperatorSettings {
  override setParallelism(parallelism: number): this {
    if (parallelism === 1) return this;
    throw new PlanError(
      `${this.transformation.name} can only have the parallelism 1 (got ${show(parallelism)})`,
      {
        code: "PLAN_PARALLELISM",
        hint: "set the parallelism on the operators behind it, or use fromSequence or fromSource",
      },
    );
  }
}
