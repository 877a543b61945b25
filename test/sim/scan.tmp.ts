import { setBroken, type Canary } from "./canaries.ts";
import { scenarioOf } from "./scenarios.ts";
const [names = "", jobs = "", plans = "", turnsMax = "20000", firstSeed = "1"] = process.argv.slice(2);
const PLANS: Record<string, Record<string, number>> = {
  none: {},
  crash: { "crash-before": 0.01, "crash-after": 0.02, "result-lost": 0.05, lost: 0.02 },
  dup: { "double-send": 0.1, "result-lost": 0.1, "result-partial": 0.1, expire: 0.1, ghost: 0.03 },
  zombie: { zombie: 0.02, overrun: 0.03, expire: 0.1, thaw: 1, slow: 0.05 },
  mixed: { "mixed-batch": 1, "small-batch": 0.5, "partial-send": 0.1, throttle: 0.03 },
  lost: { lost: 0.1, throttle: 0.05, fail: 0.05 },
  skew: { skew: 1, "wake-early": 0.5, "wake-double": 0.3, "wake-late": 0.3, "slow-cpu": 0.1, overrun: 0.03, expire: 0.1 },
  swallow: { swallow: 0.1, "repeat-delivers": 0 },
};
for (const canary of names.split(",")) {
  for (const job of jobs.split(",")) {
    for (const plan of plans.split(",")) {
      setBroken(canary === "none" ? [] : [canary as Canary]);
      const scenario = scenarioOf(job);
      let turns = 0;
      const began = performance.now();
      let found = "";
      for (let seed = Number(firstSeed); turns < Number(turnsMax) && seed < Number(firstSeed) + 40 && found === "" && performance.now() - began < 40_000; seed += 1) {
        const outcome = await scenario.run({ seed, plan: { rates: PLANS[plan] ?? {} }, size: scenario.size });
        turns += outcome.turns;
        if (outcome.failure !== null) found = `seed ${seed} ${outcome.failure.message.slice(0, 170)}`;
      }
      console.log(`${canary}\t${job}\t${plan}\t${turns} turns\t${Math.round(performance.now() - began)} ms\t${found}`);
      if (found !== "") break;
    }
  }
}
process.exit(0);
