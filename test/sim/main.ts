import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Campaign, type CampaignTotals, type Failed } from "./campaign.ts";
import { parseFaultKind, parseFaultPlan } from "./fault-plan.ts";
import { failureText, progressText, resultJson } from "./report.ts";
import { scenarioOf, scenarios } from "./scenarios.ts";
import { Shrinker } from "./shrink.ts";

const usage = `npm run sim -- [options]
  --seed n      first seed (default 1)
  --turns m     go on until so many turns were made (default 20000)
  --runs k      or until so many runs were made
  --job name    only this job
  --plan json   faults: {"rates":{"throttle":0.1}} or {"rates":{},"only":["..."]}
  --every kind  one fault of this kind at each place in turn, of the first seed
  --size n      input of a run, in the job's own measure
  --shrink s    seconds to make a failing run smaller (default 60, 0: do not)
  --trace n     lines of the trace (default 60)
  --results f   write totals to a file`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    turns: { type: "string", default: "20000" },
    runs: { type: "string" },
    job: { type: "string" },
    plan: { type: "string" },
    every: { type: "string" },
    size: { type: "string" },
    shrink: { type: "string", default: "60" },
    trace: { type: "string", default: "60" },
    results: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const PROGRESS_SECONDS = 10;
const beganAt = performance.now();
const elapsed = (): number => (performance.now() - beganAt) / 1_000;

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name}: not a natural number (got "${text}")`);
}

async function shrunk(failed: Failed): Promise<Failed> {
  const seconds = numberOf("shrink", values.shrink);
  if (seconds === 0) return failed;
  const until = elapsed() + seconds;
  const { scenario, trial, outcome } = failed;
  console.log(`job ${scenario.name}, seed ${trial.seed} fails: ${outcome.failure?.message ?? ""}`);
  console.log(`making it smaller for up to ${seconds} s`);
  const smaller = await new Shrinker(scenario, trial, outcome, () => elapsed() > until).shrink();
  console.log(`made ${smaller.tries} tries`);
  return { scenario, trial: smaller.trial, outcome: smaller.outcome };
}

async function main(): Promise<number> {
  const firstSeed = numberOf("seed", values.seed);
  const campaign = new Campaign({
    scenarios: values.job === undefined ? scenarios : [scenarioOf(values.job)],
    firstSeed,
    turns: numberOf("turns", values.turns),
    runs: values.runs === undefined ? Number.MAX_SAFE_INTEGER : numberOf("runs", values.runs),
    plan: values.plan === undefined ? null : parseFaultPlan(values.plan),
    size: values.size === undefined ? null : numberOf("size", values.size),
  });
  let toldAt = 0;
  const tell = (totals: CampaignTotals): void => {
    if (elapsed() < toldAt + PROGRESS_SECONDS) return;
    toldAt = elapsed();
    console.log(progressText(totals, toldAt));
  };
  const { every } = values;
  const failed = await (every === undefined
    ? campaign.run(tell)
    : campaign.sweep(parseFaultKind(every), tell));
  const seconds = elapsed();
  console.log(progressText(campaign.totals, seconds));
  const result = failed === null ? null : await shrunk(failed);
  if (values.results !== undefined) {
    const command = `npm run sim -- ${process.argv.slice(2).join(" ")}`;
    const text = resultJson(command, firstSeed, seconds, campaign.totals, result);
    writeFileSync(values.results, text);
  }
  if (result === null) return 0;
  console.log(failureText(result, numberOf("trace", values.trace)));
  return 1;
}

if (values.help) console.log(usage);
else process.exitCode = await main();
