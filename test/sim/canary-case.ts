import type { Canary } from "./canaries.ts";
import type { FaultKind } from "./fault-kind.ts";
import type { SimJob } from "./jobs/sim-job.ts";
import type { RunSettings } from "./run-settings.ts";

/** How the simulator finds that a rule is broken. */
export interface CanaryCase {
  /** Others that are broken with it, because they make up for it. With these alone the case is clean. */
  readonly beside?: readonly Canary[];
  /** The checkers of which one has to say so. */
  readonly rules: readonly string[];
  readonly job: SimJob;
  readonly size?: number;
  readonly settings?: Partial<RunSettings>;
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
  /** If given, exactly these faults strike. */
  readonly only?: readonly string[];
  /** It is found within so many turns, over seeds 1, 2, .. */
  readonly turnsMax: number;
}
