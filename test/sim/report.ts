import type { CampaignTotals, Failed } from "./campaign.ts";
import type { Trial } from "./trial.ts";

/** The command that repeats a run. */
export function replayCommand(job: string, { seed, plan, size }: Trial): string {
  const json = JSON.stringify(plan).replaceAll("'", "'\\''");
  return `npm run sim -- --job ${job} --seed ${seed} --runs 1 --size ${size} --plan '${json}'`;
}

/** A failure, its last lines and how to see it again. */
export function failureText({ scenario, trial, outcome }: Failed, traceLines: number): string {
  return [
    `last ${traceLines} lines of the trace:`,
    outcome.trace(traceLines),
    "",
    `job ${scenario.name}, seed ${trial.seed}, size ${trial.size}: ${outcome.failure?.message ?? "no failure"}`,
    `${outcome.struck.length} faults struck${outcome.struck.length <= 20 ? `: ${outcome.struck.join(", ")}` : ""}`,
    `replay: ${replayCommand(scenario.name, trial)}`,
  ].join("\n");
}

/** One line about the runs so far. */
export function progressText(totals: CampaignTotals, seconds: number): string {
  const { runs, turns, lastSeed, events } = totals;
  const perSecond = Math.round(turns / Math.max(seconds, 0.001));
  return `${runs} runs to seed ${lastSeed}: ${turns} turns, ${events} events, ${perSecond} turns/s`;
}

/** A campaign as a file keeps it. */
export function resultJson(
  command: string,
  firstSeed: number,
  seconds: number,
  totals: CampaignTotals,
  failed: Failed | null,
): string {
  const result = {
    command,
    seeds: { first: firstSeed, last: totals.lastSeed },
    seconds: Math.round(seconds),
    ...totals,
    virtualDays: Math.round(totals.virtualDays),
    faultsTotal: Object.values(totals.faults).reduce((sum, count) => sum + count, 0),
    failure:
      failed === null
        ? null
        : {
            message: failed.outcome.failure?.message ?? "",
            replay: replayCommand(failed.scenario.name, failed.trial),
          },
  };
  return `${JSON.stringify(result, null, 2)}\n`;
}
