import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Campaign, type CampaignOptions, type CampaignTotals, type Failed } from "./campaign.ts";
import { type Canary, setBroken } from "./canaries.ts";
import { canaryTable } from "./canary-table.ts";
import { parseFaultKind, parseFaultPlan } from "./fault-plan.ts";
import { failureText, progressText, resultJson } from "./report.ts";
import { scenarioOf, scenarios } from "./scenarios.ts";
import { Shrinker } from "./shrink.ts";

const usage = `npm run sim -- [options]
  --seed n      first seed (default 1)
  --turns m     go on until so many turns were made (default 20000)
  --runs k      or until so many runs were made
  --seconds s   or until so much time has passed
  --job name    only this job
  --plan json   faults: {"rates":{"throttle":0.1}} or {"rates":{},"only":["..."]}
  --every kind  one fault of this kind at each place in turn, of the first seed
  --break rule  with this rule of the protocol broken; again for more
  --size n      input of a run, in the job's own measure
  --shrink s    seconds to make a failing run smaller (default 60, 0: do not)
  --trace n     lines of the trace (default 60)
  --results f   write totals to a file
  --ci          half of the time (150 s) fixed seeds, half of it seeds that nobody has tried
  --long        only time ends it (default 8 h); totals go to sim-results.json`;

/** What is asked for; a wrong option ends the process with one line. */
function asked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    console.error(`sim: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
}

const { values } = asked(() =>
  parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      turns: { type: "string" },
      runs: { type: "string" },
      seconds: { type: "string" },
      job: { type: "string" },
      plan: { type: "string" },
      every: { type: "string" },
      break: { type: "string", multiple: true, default: [] },
      size: { type: "string" },
      shrink: { type: "string", default: "60" },
      trace: { type: "string", default: "60" },
      results: { type: "string" },
      ci: { type: "boolean", default: false },
      long: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }),
);

const TURNS = 20_000;
const CI_SECONDS = 150;
const LONG_SECONDS = 8 * 3_600;
const LONG_RESULTS = "sim-results.json";
const FRESH_SEEDS = 1_000_000_000;
const PROGRESS_SECONDS = 10;
const ENDLESS = Number.MAX_SAFE_INTEGER;
const beganAt = performance.now();
/** Ctrl-C ends a campaign after the run it is in, and its totals are written; again ends at once. */
let interrupted = false;
process.once("SIGINT", () => {
  interrupted = true;
});
const elapsed = (): number => (performance.now() - beganAt) / 1_000;

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name}: not a natural number (got "${text}")`);
}

function given(name: "turns" | "runs" | "seconds" | "size", otherwise: number): number {
  const text = values[name];
  return text === undefined ? otherwise : numberOf(name, text);
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

/** What is asked for, from a first seed on and until so many seconds have passed in all. */
function optionsOf(firstSeed: number, seconds: number): CampaignOptions {
  const byTime = values.ci || values.long || values.seconds !== undefined;
  return {
    scenarios: values.job === undefined ? scenarios : [scenarioOf(values.job)],
    firstSeed,
    turns: given("turns", byTime || values.runs !== undefined ? ENDLESS : TURNS),
    runs: given("runs", ENDLESS),
    plan: values.plan === undefined ? null : parseFaultPlan(values.plan),
    size: values.size === undefined ? null : given("size", 0),
    isOver: () => interrupted || elapsed() > seconds,
  };
}

function canaryOf(name: string): Canary {
  const known = Object.keys(canaryTable) as Canary[]; // its own keys
  const canary = known.find((each) => each === name);
  if (canary !== undefined) return canary;
  throw new Error(`--break: no rule of this name (got "${name}"); use ${known.join(", ")}`);
}

let toldAt = 0;
function tell(totals: CampaignTotals): void {
  if (elapsed() < toldAt + PROGRESS_SECONDS) return;
  toldAt = elapsed();
  console.log(progressText(totals, toldAt));
}

async function runOne(options: CampaignOptions, results: string | null): Promise<number> {
  const campaign = new Campaign(options);
  const { every } = values;
  const startedAt = elapsed();
  const failed = await (every === undefined
    ? campaign.run(tell)
    : campaign.sweep(parseFaultKind(every), tell));
  const seconds = elapsed() - startedAt;
  console.log(progressText(campaign.totals, seconds));
  const result = failed === null ? null : await shrunk(failed);
  if (results !== null) {
    const command = `npm run sim -- ${process.argv.slice(2).join(" ")}`;
    writeFileSync(
      results,
      resultJson(command, options.firstSeed, seconds, campaign.totals, result),
    );
  }
  if (result === null) return 0;
  console.log(failureText(result, numberOf("trace", values.trace)));
  return 1;
}

async function main(): Promise<number> {
  const { seed, broken } = asked(() => ({
    seed: numberOf("seed", values.seed),
    broken: values.break.map(canaryOf),
  }));
  setBroken(broken);
  const { results = null } = values;
  if (values.long) {
    const options = asked(() => optionsOf(seed, given("seconds", LONG_SECONDS)));
    return runOne(options, results ?? LONG_RESULTS);
  }
  if (!values.ci) {
    return runOne(
      asked(() => optionsOf(seed, given("seconds", ENDLESS))),
      results,
    );
  }
  const seconds = asked(() => given("seconds", CI_SECONDS));
  const fixed = await runOne(optionsOf(seed, seconds / 2), null);
  if (fixed !== 0) return fixed;
  const fresh = 1_000 + (Date.now() % FRESH_SEEDS);
  console.log(`fresh seeds from ${fresh} on`);
  return runOne(optionsOf(fresh, seconds), results);
}

if (values.help) console.log(usage);
else process.exitCode = await main();
