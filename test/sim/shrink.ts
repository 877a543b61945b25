import { type FaultKind, faultKinds } from "./fault-kind.ts";
import type { FaultPlan } from "./fault-plan.ts";
import type { Outcome, Scenario, Trial } from "./trial.ts";

/** Longer lists of faults are first made shorter by lower rates. */
const LIST_MAX = 400;

export interface Shrunk {
  readonly trial: Trial;
  readonly outcome: Outcome;
  readonly tries: number;
}

/**
 * Makes a failing trial smaller: less input, fewer kinds of faults, lower rates, then as few single
 * faults as still fail in the same way.
 *
 *   H1  what it holds has failed, and with a failure of the same kind as the first
 *   H2  it ends when nothing gets smaller, or at the first try after its budget is used up
 */
export class Shrinker {
  readonly #scenario: Scenario;
  readonly #isOver: () => boolean;
  readonly #kind: string;
  #trial: Trial;
  #outcome: Outcome;
  #tries = 0;

  /** `isOver` says that the budget is used up. */
  constructor(scenario: Scenario, trial: Trial, outcome: Outcome, isOver: () => boolean) {
    this.#scenario = scenario;
    this.#trial = trial;
    this.#outcome = outcome;
    this.#isOver = isOver;
    this.#kind = kindOf(outcome.failure);
  }

  async shrink(): Promise<Shrunk> {
    await this.#shorten();
    await this.#fewerKinds();
    await this.#lowerRates();
    await this.#list();
    await this.#shorten();
    return { trial: this.#trial, outcome: this.#outcome, tries: this.#tries };
  }

  /** Tries a trial; keeps it when it fails as the first did (H1). */
  async #try(trial: Trial): Promise<boolean> {
    if (this.#isOver()) return false;
    this.#tries += 1;
    const outcome = await this.#scenario.run(trial);
    if (outcome.failure === null || kindOf(outcome.failure) !== this.#kind) return false;
    this.#trial = trial;
    this.#outcome = outcome;
    return true;
  }

  #tryPlan(plan: FaultPlan): Promise<boolean> {
    return this.#try({ ...this.#trial, plan });
  }

  async #shorten(): Promise<void> {
    for (const share of [0.05, 0.2, 0.5, 0.8, 0.9]) {
      let shorter = true;
      while (shorter && this.#trial.size > 1) {
        const size = Math.max(1, Math.floor(this.#trial.size * share));
        shorter = await this.#try({ ...this.#trial, size });
      }
    }
  }

  async #fewerKinds(): Promise<void> {
    for (const kind of faultKinds) {
      const { plan } = this.#trial;
      if (plan.only !== undefined || plan.rates[kind] === undefined) continue;
      const { [kind]: _gone, ...rates } = plan.rates;
      await this.#tryPlan({ rates });
    }
  }

  async #lowerRates(): Promise<void> {
    let lower = true;
    while (lower && this.#trial.plan.only === undefined && this.#outcome.struck.length > LIST_MAX) {
      lower = await this.#tryPlan({ rates: halved(this.#trial.plan.rates) });
    }
  }

  /** Delta debugging over the list of what struck. */
  async #list(): Promise<void> {
    if (!(await this.#tryPlan({ rates: {}, only: this.#outcome.struck }))) return;
    let parts = 2;
    for (;;) {
      // What is on the list but no longer struck is left out by itself.
      const list = this.#outcome.struck;
      if (list.length === 0 || this.#isOver()) return;
      parts = Math.min(parts, list.length);
      if (await this.#tryParts(list, parts)) parts = Math.max(2, parts - 1);
      else if (parts === list.length) return;
      else parts = Math.min(list.length, parts * 2);
    }
  }

  /** Leaves out one part after the other, until one can be left out. */
  async #tryParts(list: readonly string[], parts: number): Promise<boolean> {
    for (let part = 0; part < parts; part += 1) {
      const from = Math.floor((part * list.length) / parts);
      const to = Math.floor(((part + 1) * list.length) / parts);
      const only = [...list.slice(0, from), ...list.slice(to)];
      if (await this.#tryPlan({ rates: {}, only })) return true;
    }
    return false;
  }
}

/** What was violated: the words before the first colon name it. */
function kindOf(failure: Error | null): string {
  if (failure === null) return "none";
  return `${failure.name}/${failure.message.split(":", 1)[0] ?? ""}`;
}

function halved(rates: FaultPlan["rates"]): FaultPlan["rates"] {
  const lower: Partial<Record<FaultKind, number>> = {};
  for (const kind of faultKinds) {
    const rate = rates[kind];
    if (rate !== undefined) lower[kind] = rate / 2;
  }
  return lower;
}
