import type { SlotFold } from "./aggregator.ts";

type Ranked = [rank: number, element: unknown];

/** The elements with the n highest ranks, highest first; of equal ranks the earlier one stays. */
export class TopNFold implements SlotFold {
  readonly ordered = true;
  readonly numeric = false;
  readonly #n: number;

  constructor(n: number) {
    this.#n = n;
  }

  create(): unknown {
    return [];
  }

  /** `value` is a pair of rank and element. */
  add(slot: unknown, value: unknown): unknown {
    const best = slot as Ranked[];
    const one = value as Ranked;
    let at = best.length;
    while (at > 0 && (best[at - 1] as Ranked)[0] < one[0]) at--;
    if (at >= this.#n) return best;
    best.splice(at, 0, one);
    if (best.length > this.#n) best.length = this.#n;
    return best;
  }

  merge(left: unknown, right: unknown): unknown {
    for (const one of right as Ranked[]) this.add(left, one);
    return left;
  }

  result(slot: unknown): unknown {
    return (slot as Ranked[]).map((one) => one[1]);
  }
}
