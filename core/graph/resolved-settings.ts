import type { SettingValue } from "../plan/plan.ts";
import type { ExecutionSettings } from "../runtime/program.ts";

/** The settings of a job after precedence (decision c), as the planner needs them. */
export interface ResolvedSettings {
  /** Of every operator that sets none of its own. */
  readonly parallelism: number;
  /** Of every operator that sets none of its own; null: derived from the parallelism. */
  readonly maxParallelism: number | null;
  readonly execution: ExecutionSettings;
  /** Every setting with its origin, of scope `job`. */
  readonly values: readonly SettingValue[];
}
