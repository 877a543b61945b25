import { describe, expect, test } from "vitest";
import { drawFaultPlan, noFaults } from "./fault-plan.ts";
import { Stream } from "./random.ts";
import { replayCommand } from "./report.ts";
import { scenarios } from "./scenarios.ts";

const RUNS = Number(process.env["SIM_RUNS"] ?? 2);
const SIZE_SHARE = 0.4;

describe.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  "job %s",
  (name, scenario) => {
    const size = Math.ceil(scenario.size * SIZE_SHARE);

    test("comes to its end without faults, each effect once", async () => {
      const trial = { seed: 1, plan: noFaults, size };
      const { failure } = await scenario.run(trial);
      expect(failure, replayCommand(name, trial)).toBeNull();
    });

    test("comes to its end with faults, each effect once", async () => {
      for (let seed = 1; seed <= RUNS; seed += 1) {
        const trial = { seed, plan: drawFaultPlan(Stream.of(seed).fork("plan")), size };
        const { failure } = await scenario.run(trial);
        expect(failure, replayCommand(name, trial)).toBeNull();
      }
    });
  },
);
