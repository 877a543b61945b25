import { afterEach, describe, expect, test } from "vitest";
import { type Canary, setBroken } from "./canaries.ts";
import { canaryTable } from "./canary-table.ts";
import type { CanaryCase } from "./canary-case.ts";
import { jobScenario } from "./job-run.ts";
import type { Outcome } from "./trial.ts";

interface Found {
  readonly message: string;
  readonly seed: number;
  readonly turns: number;
}

/** Another one shows that a rule is not found by luck: `CANARY_SEED=1001 npx vitest run --project canaries`. */
const FIRST_SEED = Number(process.env["CANARY_SEED"] ?? 1);

function runOf(one: CanaryCase, seed: number): Promise<Outcome> {
  const { job, size, settings, rates, only } = one;
  const scenario = jobScenario(job, settings);
  const plan = { rates, ...(only === undefined ? {} : { only }) };
  return scenario.run({ seed, plan, size: size ?? scenario.size });
}

/** Seed after seed until a checker says something, or the turns are used up. */
async function find(one: CanaryCase): Promise<Found | null> {
  let turns = 0;
  for (let seed = FIRST_SEED; turns <= one.turnsMax; seed += 1) {
    const outcome = await runOf(one, seed);
    turns += outcome.turns;
    if (outcome.failure !== null) return { message: outcome.failure.message, seed, turns };
  }
  return null;
}

afterEach(() => setBroken([]));

describe("the simulator finds a protocol with a broken rule:", () => {
  const cases = Object.entries(canaryTable) as [Canary, CanaryCase][]; // its own keys
  test.each(cases)(
    "%s",
    async (canary, one) => {
      setBroken([canary, ...(one.beside ?? [])]);
      const found = await find(one);
      expect(found, `${canary} shows nothing in ${one.turnsMax} turns`).not.toBeNull();
      const rule = found?.message.split(":", 1)[0];
      expect(one.rules, `seed ${found?.seed}: ${found?.message}`).toContain(rule);
      expect(found?.turns).toBeLessThanOrEqual(one.turnsMax);
      setBroken([]);
      const whole = await runOf(one, found?.seed ?? 1);
      expect(whole.failure, `${canary}: the same run with all rules is right`).toBeNull();
      if (one.beside === undefined) return;
      setBroken(one.beside);
      const rest = await runOf(one, found?.seed ?? 1);
      expect(rest.failure, `${canary}: the same run shows nothing of the others`).toBeNull();
    },
    120_000,
  );
});
