import { counterScenario } from "./counter.ts";
import { jobScenario } from "./job-run.ts";
import { broadcast } from "./jobs/broadcast.ts";
import { deadLetters } from "./jobs/dead-letters.ts";
import { flightsJob } from "./jobs/flights.ts";
import { join } from "./jobs/join.ts";
import { late } from "./jobs/late.ts";
import { sessions } from "./jobs/sessions.ts";
import { sideBySide } from "./jobs/side-by-side.ts";
import { ticks } from "./jobs/ticks.ts";
import { timers } from "./jobs/timers.ts";
import { windowed } from "./jobs/windowed.ts";
import type { Scenario } from "./trial.ts";

/** The flights are read when a run needs them. */
const flights: Scenario = {
  name: "flights",
  size: 600,
  run: async (trial) => jobScenario(await flightsJob()).run(trial),
};

/** The jobs that a simulation takes in turn, when none is asked for by name. */
export const scenarios: readonly Scenario[] = [
  ...[windowed, late, sessions, join, broadcast, deadLetters, sideBySide, timers, ticks].map(
    (job) => jobScenario(job),
  ),
  flights,
];

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
