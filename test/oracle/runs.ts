import type { Parameters } from "fast-check";

/**
 * Settings of a property: `MILLRACE_RUNS` multiplies nothing, it is the number of runs, and
 * `MILLRACE_SEED` repeats the draws of a failure, which prints its seed.
 */
export function runs<T>(byDefault: number): Parameters<T> {
  const seed = process.env["MILLRACE_SEED"];
  const count = process.env["MILLRACE_RUNS"];
  return {
    numRuns: count === undefined ? byDefault : Number(count),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}
