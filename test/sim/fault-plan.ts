import { type FaultKind, definitionOf, faultKinds } from "./fault-kind.ts";
import type { Stream } from "./random.ts";

/** Which faults strike in a run. Fits JSON. */
export interface FaultPlan {
  /** Probability per place of a kind; kinds left out are off. */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
  /** If given, exactly these occurrences strike, whatever the rates: `crash@ledger.append:p/0#17`. */
  readonly only?: readonly string[];
}

export const noFaults: FaultPlan = Object.freeze({ rates: Object.freeze({}) });

/**
 * A swarm: most runs leave most kinds out, so that each kind also meets a world that is quiet
 * otherwise. One run in ten has no fault, one in five has one kind, very often.
 */
export function drawFaultPlan(random: Stream): FaultPlan {
  const drawable = faultKinds.filter((kind) => definitionOf(kind).share === undefined);
  const shape = random.next();
  if (shape < 0.1) return noFaults;
  if (shape < 0.3) {
    const kind = random.pick(drawable);
    return { rates: { [kind]: definitionOf(kind).rateMax } };
  }
  const density = random.between(0.1, 0.7);
  const rates: Partial<Record<FaultKind, number>> = {};
  for (const kind of drawable) {
    const { rateMax } = definitionOf(kind);
    const rate = random.logBetween(rateMax / 100, rateMax);
    if (random.chance(density)) rates[kind] = Number(rate.toPrecision(3));
  }
  // What loses messages is seldom: with it a gap is no sign of a broken protocol.
  for (const kind of faultKinds) {
    const { share, rateMax } = definitionOf(kind);
    if (share !== undefined && random.fork(kind).chance(share)) rates[kind] = rateMax;
  }
  return { rates };
}

/** Reads a plan from JSON; unknown kinds and rates outside 0 to 1 are refused by name. */
export function parseFaultPlan(json: string): FaultPlan {
  const parsed: unknown = JSON.parse(json);
  const { rates = {}, only } = parsed as { rates?: Record<string, unknown>; only?: unknown };
  for (const [name, rate] of Object.entries(rates)) {
    const kind = parseFaultKind(name);
    if (typeof rate !== "number" || !(rate >= 0 && rate <= 1)) {
      throw new Error(`fault plan: rate of ${kind} (got ${String(rate)}); use 0 to 1`);
    }
  }
  const plan = { rates: rates as FaultPlan["rates"] }; // checked above
  if (only === undefined) return plan;
  if (!Array.isArray(only) || !only.every((each) => typeof each === "string")) {
    throw new Error("fault plan: only is no list of occurrences; leave it out or list strings");
  }
  return { ...plan, only };
}

export function parseFaultKind(name: string): FaultKind {
  const kind = faultKinds.find((known) => known === name);
  if (kind !== undefined) return kind;
  throw new Error(`fault plan: unknown kind (got "${name}"); use ${faultKinds.join(", ")}`);
}
