import type { CallKind, HostKind } from "./call-kind.ts";
import { type FaultKind, definitionOf, faultKinds } from "./fault-kind.ts";
import type { FaultPlan } from "./fault-plan.ts";
import { Stream, hashOf, mix, unit } from "./random.ts";

/** A fault that strikes. */
export interface Fault {
  readonly kind: FaultKind;
  /** Its name in a plan: `crash@ledger.append:p/0#17`. */
  readonly occurrence: string;
  /** How it strikes: how long, which entries, before or after. */
  readonly random: Stream;
}

/** A kind of fault that may strike, and how often. */
interface Risk {
  readonly kind: FaultKind;
  readonly hash: number;
  readonly rate: number;
}

/** A kind of call at one resource, where occurrences are counted. */
export interface Place {
  readonly kind: CallKind | HostKind;
  readonly resource: string;
  readonly hash: number;
  readonly risks: readonly Risk[];
  /** How often something was done here. */
  count: number;
}

/**
 * Decides which faults strike.
 *
 *   F1  whether the n-th call of a kind at a resource is struck by a kind of fault depends on the
 *       seed and on exactly these: taking one occurrence out moves none of the others
 *   F2  with `only` equal to what struck in a run, the run is the same
 *   F3  after `off` nothing strikes
 */
export class FaultInjector {
  readonly #seed: number;
  readonly #streams: Stream;
  readonly #risks: readonly Risk[];
  readonly #only: ReadonlySet<string> | null;
  readonly #places = new Map<string, Place>();
  readonly #struck: string[] = [];
  readonly #counts = new Map<FaultKind, number>();
  #on = true;

  constructor(seed: number, plan: FaultPlan) {
    this.#streams = Stream.of(seed).fork("faults");
    this.#seed = this.#streams.fork("decisions").word();
    this.#only = plan.only === undefined ? null : new Set(plan.only);
    const kinds = this.#only === null ? new Set(faultKinds) : kindsOf(this.#only);
    this.#risks = faultKinds
      .filter((kind) => kinds.has(kind) && (this.#only !== null || (plan.rates[kind] ?? 0) > 0))
      .map((kind) => ({ kind, hash: hashOf(kind), rate: plan.rates[kind] ?? 0 }));
  }

  get isOn(): boolean {
    return this.#on;
  }

  /** Names of what struck, in order. */
  get struck(): readonly string[] {
    return this.#struck;
  }

  get counts(): ReadonlyMap<FaultKind, number> {
    return this.#counts;
  }

  /** Every occurrence that faults of a kind could have struck so far, by place. */
  possible(kind: FaultKind): readonly string[] {
    return [...this.#places.values()].flatMap((place) => {
      if (!definitionOf(kind).at.includes(place.kind)) return [];
      return Array.from({ length: place.count }, (_, at) =>
        occurrenceOf(kind, { ...place, count: at + 1 }),
      );
    });
  }

  off(): void {
    this.#on = false;
  }

  /** The place of a kind of call at a resource; the same object each time. */
  place(kind: CallKind | HostKind, resource: string): Place {
    const name = `${kind}:${resource}`;
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const risks = this.#risks.filter((risk) => definitionOf(risk.kind).at.includes(kind));
    const place = { kind, resource, hash: mix(this.#seed, hashOf(name)), risks, count: 0 };
    this.#places.set(name, place);
    return place;
  }

  /** Counts the next occurrence at a place; a word that depends on nothing but it (F1). */
  next(place: Place): number {
    place.count += 1;
    return mix(place.hash, place.count);
  }

  /**
   * The fault that strikes the occurrence, at most one. Where several would, each is as likely to be
   * the one, so that none hides the others.
   */
  strike(place: Place, word: number): Fault | null {
    const { risks } = place;
    if (risks.length === 0 || !this.#on) return null;
    for (let step = 0; step < risks.length; step += 1) {
      const risk = risks[(word + step) % risks.length] as Risk; // in range by the modulus
      if (this.#strikes(risk, place, word)) return this.#fault(risk.kind, place);
    }
    return null;
  }

  /** Whether a fault of exactly this kind strikes the occurrence: for kinds that may come together. */
  strikeOf(kind: FaultKind, place: Place, word: number): Fault | null {
    if (!this.#on) return null;
    const risk = place.risks.find((each) => each.kind === kind);
    if (risk === undefined || !this.#strikes(risk, place, word)) return null;
    return this.#fault(kind, place);
  }

  #strikes(risk: Risk, place: Place, word: number): boolean {
    if (this.#only !== null) return this.#only.has(occurrenceOf(risk.kind, place));
    return unit(mix(word, risk.hash)) < risk.rate;
  }

  #fault(kind: FaultKind, place: Place): Fault {
    const occurrence = occurrenceOf(kind, place);
    this.#struck.push(occurrence);
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    return { kind, occurrence, random: this.#streams.fork(occurrence) };
  }
}

function occurrenceOf(kind: FaultKind, { kind: at, resource, count }: Place): string {
  return `${kind}@${at}:${resource}#${count}`;
}

function kindsOf(occurrences: ReadonlySet<string>): ReadonlySet<FaultKind> {
  const names = new Set([...occurrences].map((name) => name.slice(0, name.indexOf("@"))));
  return new Set(faultKinds.filter((kind) => names.has(kind)));
}
