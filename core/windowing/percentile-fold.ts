import type { SlotFold } from "./aggregator.ts";

/** Below this, insertion into a small array beats making a typed array. */
const SMALL_MAX = 32;

/** The exact percentile by nearest rank: the smallest value that at least `share` of all do not exceed. */
export class PercentileFold implements SlotFold {
  readonly ordered = false;
  readonly numeric = true;
  readonly #share: number;

  constructor(share: number) {
    this.#share = share;
  }

  create(): unknown {
    return [];
  }

  add(slot: unknown, value: unknown): unknown {
    (slot as unknown[]).push(value);
    return slot;
  }

  merge(left: unknown, right: unknown): unknown {
    const values = left as unknown[];
    for (const value of right as unknown[]) values.push(value);
    return values;
  }

  result(slot: unknown): unknown {
    const values = slot as number[];
    const sorted =
      values.length <= SMALL_MAX ? insertionSorted(values) : new Float64Array(values).sort();
    return sorted[nearestRank(this.#share, values.length) - 1];
  }
}

/** The rank from 1 to `n` of the value that `share` of `n` values do not exceed. */
export function nearestRank(share: number, n: number): number {
  const exact = share * n;
  // 0.07 * 100 is a little more than 7, and means 7.
  const whole = Math.round(exact);
  const rank = Math.abs(exact - whole) < 1e-9 * n ? whole : Math.ceil(exact);
  return Math.min(Math.max(rank, 1), n);
}

function insertionSorted(values: readonly number[]): number[] {
  const sorted = values.slice();
  for (let i = 1; i < sorted.length; i++) {
    const value = sorted[i] as number;
    let at = i;
    for (; at > 0 && (sorted[at - 1] as number) > value; at--)
      sorted[at] = sorted[at - 1] as number;
    sorted[at] = value;
  }
  return sorted;
}
