import { setBroken } from "./canaries.ts";
import { canaryTable } from "./canary-table.ts";
import { jobScenario } from "./job-run.ts";
const only = process.argv[2] === undefined || process.argv[2] === "all" ? null : process.argv[2].split(",");
const seconds = Number(process.argv[3] ?? "40");
for (const { canary, beside = [], rules, job, size, settings, rates, turnsMax } of canaryTable) {
  if (only !== null && !only.includes(canary)) continue;
  setBroken(process.argv[4] === "none" ? [] : [canary, ...beside]);
  const scenario = jobScenario(job, settings);
  let turns = 0;
  let found = "";
  const began = performance.now();
  for (let seed = Number(process.env.SEED ?? 1); found === "" && turns < turnsMax && performance.now() - began < seconds * 1000; seed += 1) {
    const outcome = await scenario.run({ seed, plan: { rates }, size: size ?? scenario.size });
    turns += outcome.turns;
    if (outcome.failure !== null) {
      if (process.env['TR']) console.log(outcome.trace(Number(process.env['TR'])));
      if (process.env.TR) console.log(outcome.trace(Number(process.env.TR)));
      const ok = rules.some((rule) => outcome.failure!.message.startsWith(rule));
      found = `${ok ? "ok" : "OTHER"} seed ${seed} ${outcome.failure.message.slice(0, 190)}`;
    }
  }
  console.log(`${canary}\t${turns} turns\t${Math.round(performance.now() - began)} ms\t${found === "" ? "NOT FOUND" : found}`);
}
process.exit(0);
