import { counterScenario } from "./counter.ts";
import { jobScenario } from "./job-run.ts";
import { windowed } from "./jobs/windowed.ts";
import type { Scenario } from "./trial.ts";

/** The jobs that a simulation takes in turn, when none is asked for by name. */
export const scenarios: readonly Scenario[] = [jobScenario(windowed)];

/** Jobs that are wrong on purpose, only by name: they show that the rig finds what is wrong. */
export const defective: readonly Scenario[] = [
  counterScenario("counts-duplicates"),
  counterScenario("acks-on-conflict"),
  counterScenario("keeps-dirty-copy"),
];

export function scenarioOf(name: string): Scenario {
  const all = [...scenarios, counterScenario("none"), ...defective];
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new Error(
    `--job: no job of this name (got "${name}"); use ${all.map((each) => each.name).join(", ")}`,
  );
}
