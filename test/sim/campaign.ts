import type { FaultKind } from "./fault-kind.ts";
import { type FaultPlan, drawFaultPlan, noFaults } from "./fault-plan.ts";
import { Stream } from "./random.ts";
import type { Outcome, Scenario, Trial } from "./trial.ts";

export interface CampaignOptions {
  readonly scenarios: readonly Scenario[];
  readonly firstSeed: number;
  /** It goes on until so many turns were made, or so many runs. */
  readonly turns: number;
  readonly runs: number;
  /** The same plan in every run, instead of one drawn from its seed. */
  readonly plan: FaultPlan | null;
  readonly size: number | null;
  /** No further run begins when it says so. */
  readonly isOver?: () => boolean;
}

/** What the runs so far came to. */
export interface CampaignTotals {
  runs: number;
  lastSeed: number;
  turns: number;
  invocations: number;
  calls: number;
  events: number;
  virtualDays: number;
  faults: Record<string, number>;
  runsByScenario: Record<string, number>;
}

/** A run that failed. */
export interface Failed {
  readonly scenario: Scenario;
  readonly trial: Trial;
  readonly outcome: Outcome;
}

/**
 * Runs seed after seed, each with its own job, faults and order of things; ends at the first run
 * that fails. A run depends on its seed and job alone, not on the runs before it.
 */
export class Campaign {
  readonly totals: CampaignTotals;
  readonly #options: CampaignOptions;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.totals = {
      runs: 0,
      lastSeed: options.firstSeed,
      turns: 0,
      invocations: 0,
      calls: 0,
      events: 0,
      virtualDays: 0,
      faults: {},
      runsByScenario: {},
    };
  }

  /** The first failure, or null when all runs were right. `onRun` is told after each. */
  async run(onRun: (totals: CampaignTotals) => void): Promise<Failed | null> {
    const { turns, runs, firstSeed, isOver = () => false } = this.#options;
    for (let seed = firstSeed; this.totals.runs < runs && this.totals.turns < turns; seed += 1) {
      if (isOver()) return null;
      const scenario = this.#scenarioOf(seed);
      const trial = this.#trialOf(seed, scenario);
      const outcome = await scenario.run(trial);
      this.#add(seed, scenario, outcome);
      if (outcome.failure !== null) return { scenario, trial, outcome };
      onRun(this.totals);
    }
    return null;
  }

  /**
   * Instead of drawn faults one fault of a kind, at every place where it could strike in turn: a run
   * without faults says where.
   */
  async sweep(kind: FaultKind, onRun: (totals: CampaignTotals) => void): Promise<Failed | null> {
    const { firstSeed: seed, size } = this.#options;
    const scenario = this.#scenarioOf(seed);
    const calm: Trial = { seed, plan: noFaults, size: size ?? scenario.size };
    const outcome = await scenario.run(calm);
    this.#add(seed, scenario, outcome);
    if (outcome.failure !== null) return { scenario, trial: calm, outcome };
    for (const occurrence of outcome.possible(kind)) {
      const trial: Trial = { ...calm, plan: { rates: {}, only: [occurrence] } };
      const struck = await scenario.run(trial);
      this.#add(seed, scenario, struck);
      if (struck.failure !== null) return { scenario, trial, outcome: struck };
      onRun(this.totals);
    }
    return null;
  }

  #scenarioOf(seed: number): Scenario {
    const { scenarios } = this.#options;
    return scenarios[seed % scenarios.length] as Scenario; // in range by the modulus
  }

  #trialOf(seed: number, scenario: Scenario): Trial {
    const { plan, size } = this.#options;
    return {
      seed,
      plan: plan ?? drawFaultPlan(Stream.of(seed).fork("plan")),
      size: size ?? scenario.size,
    };
  }

  #add(seed: number, scenario: Scenario, outcome: Outcome): void {
    const { totals } = this;
    totals.runs += 1;
    totals.lastSeed = seed;
    totals.turns += outcome.turns;
    totals.invocations += outcome.invocations;
    totals.calls += outcome.calls;
    totals.events += outcome.events;
    totals.virtualDays += outcome.virtualMs / 86_400_000;
    for (const [kind, count] of Object.entries(outcome.faults)) {
      totals.faults[kind] = (totals.faults[kind] ?? 0) + count;
    }
    const { runsByScenario } = totals;
    runsByScenario[scenario.name] = (runsByScenario[scenario.name] ?? 0) + 1;
  }
}
