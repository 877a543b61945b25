import { describe, expect, test } from "vitest";
import { counterScenario } from "./counter.ts";
import type { FaultPlan } from "./fault-plan.ts";
import { Shrinker } from "./shrink.ts";
import type { Scenario, Trial } from "./trial.ts";

const plan: FaultPlan = {
  rates: {
    "double-send": 0.05,
    throttle: 0.05,
    slow: 0.05,
    "crash-after": 0.02,
    "small-batch": 0.3,
  },
};
const scenario = counterScenario("counts-duplicates");
const trial: Trial = { seed: 1, plan, size: 60 };

describe("a shrinker", () => {
  test("ends with one fault and little input, and the same violation (H1)", async () => {
    const outcome = await scenario.run(trial);
    expect(outcome.struck.length).toBeGreaterThan(10);
    const smaller = await new Shrinker(scenario, trial, outcome, () => false).shrink();
    expect(smaller.trial.plan.only).toHaveLength(1);
    expect(smaller.trial.size).toBeLessThan(30);
    expect(smaller.outcome.failure?.message).toMatch(/^I-ONCE/);
    const again = await scenario.run(smaller.trial);
    expect(again.hash).toBe(smaller.outcome.hash);
    expect(again.trace(20)).toContain("ledger.append");
  });

  test("does not take another violation for the first (H1)", async () => {
    // With little input the defect shows as another one, which is not what is looked for.
    const two: Scenario = {
      ...scenario,
      run: async (small) => {
        const outcome = await scenario.run(small);
        if (small.size >= 30 || outcome.failure === null) return outcome;
        return { ...outcome, failure: new Error("I-OTHER: something else") };
      },
    };
    const outcome = await two.run(trial);
    const smaller = await new Shrinker(two, trial, outcome, () => false).shrink();
    expect(smaller.outcome.failure?.message).toMatch(/^I-ONCE/);
    expect(smaller.trial.size).toBeGreaterThanOrEqual(30);
    expect(smaller.trial.size).toBeLessThan(60);
  });

  test("stops when its budget is used up (H2)", async () => {
    const outcome = await scenario.run(trial);
    let asked = 0;
    const isOver = (): boolean => {
      asked += 1;
      return asked > 3;
    };
    const { tries } = await new Shrinker(scenario, trial, outcome, isOver).shrink();
    expect(tries).toBe(3);
  });
});
