import { afterEach, describe, expect, test } from "vitest";
import { setBroken } from "./canaries.ts";
import { type FoundCanary, canaryTable } from "./canary-table.ts";
import type { CanaryCase } from "./canary-case.ts";
import { jobScenario } from "./job-run.ts";

interface Found {
  readonly message: string;
  readonly seed: number;
  readonly turns: number;
}

/** Seed after seed until a checker says something, or the turns are used up. */
async function find({ job, size, settings, rates, turnsMax }: CanaryCase): Promise<Found | null> {
  const scenario = jobScenario(job, settings);
  let turns = 0;
  for (let seed = 1; turns <= turnsMax; seed += 1) {
    const outcome = await scenario.run({ seed, plan: { rates }, size: size ?? scenario.size });
    turns += outcome.turns;
    if (outcome.failure !== null) return { message: outcome.failure.message, seed, turns };
  }
  return null;
}

afterEach(() => setBroken([]));

describe("the simulator finds a protocol with a broken rule:", () => {
  const cases = Object.entries(canaryTable) as [FoundCanary, CanaryCase][]; // its own keys
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
      const scenario = jobScenario(one.job, one.settings);
      const size = one.size ?? scenario.size;
      const whole = await scenario.run({
        seed: found?.seed ?? 1,
        plan: { rates: one.rates },
        size,
      });
      expect(whole.failure, `${canary}: the same run with all rules is right`).toBeNull();
    },
    120_000,
  );
});
