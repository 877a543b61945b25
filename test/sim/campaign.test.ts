import { describe, expect, test } from "vitest";
import { Campaign, type CampaignOptions } from "./campaign.ts";
import { counterScenario } from "./counter.ts";
import { failureText, replayCommand, resultJson } from "./report.ts";

const options: CampaignOptions = {
  scenarios: [counterScenario("none")],
  firstSeed: 1,
  turns: 1_000,
  runs: 100,
  plan: null,
  size: 20,
};
const ignore = (): void => undefined;

describe("a campaign", () => {
  test("goes on to its number of turns, or of runs", async () => {
    const byTurns = new Campaign(options);
    expect(await byTurns.run(ignore)).toBeNull();
    expect(byTurns.totals.turns).toBeGreaterThanOrEqual(1_000);
    expect(byTurns.totals.runs).toBeLessThan(100);
    const byRuns = new Campaign({ ...options, runs: 3 });
    expect(await byRuns.run(ignore)).toBeNull();
    expect(byRuns.totals).toMatchObject({ runs: 3, lastSeed: 3, runsByScenario: { counter: 3 } });
  });

  test("ends at the first failure and says how to see it again", async () => {
    const scenario = counterScenario("counts-duplicates");
    const campaign = new Campaign({ ...options, scenarios: [scenario], turns: 100_000 });
    const failed = await campaign.run(ignore);
    expect(failed?.trial.seed).toBe(campaign.totals.lastSeed);
    const text = failureText(failed!, 10);
    expect(text).toContain("I-ONCE");
    expect(text).toContain(replayCommand(scenario.name, failed!.trial));
    const result: unknown = JSON.parse(resultJson("sim", 1, 2, campaign.totals, failed));
    expect(result).toMatchObject({ failure: { message: failed!.outcome.failure!.message } });
  });

  test.each(["crash-before", "crash-after", "lost", "result-lost"] as const)(
    "strikes with %s at every place in turn",
    async (kind) => {
      const campaign = new Campaign({ ...options, size: 5 });
      expect(await campaign.sweep(kind, ignore)).toBeNull();
      const { runs, faults } = campaign.totals;
      expect(runs).toBeGreaterThan(15);
      expect(faults).toEqual({ [kind]: runs - 1 });
    },
  );
});
