import type { Canary } from "../../core/protocol/canaries.ts";

export type { Canary } from "../../core/protocol/canaries.ts";

/**
 * Takes the place of `core/protocol/canaries.ts` in builds of the simulator: the rules that are broken
 * now. None, unless a test or `--break` says so.
 */
const names = new Set<Canary>();

/** @public used in place of the engine's own */
export function broken(canary: Canary): boolean {
  return names.has(canary);
}

/** From now on exactly these rules are broken. */
export function setBroken(canaries: readonly Canary[]): void {
  names.clear();
  for (const canary of canaries) names.add(canary);
}
