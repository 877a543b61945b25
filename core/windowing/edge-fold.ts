import type { SlotFold } from "./aggregator.ts";

/** The value that came first or last; the slot is a list of at most one. */
export class EdgeFold implements SlotFold {
  readonly ordered = true;
  readonly numeric = false;
  readonly #first: boolean;

  constructor(edge: "first" | "last") {
    this.#first = edge === "first";
  }

  create(): unknown {
    return [];
  }

  add(slot: unknown, value: unknown): unknown {
    const held = slot as unknown[];
    if (!this.#first || held.length === 0) held[0] = value;
    return held;
  }

  merge(left: unknown, right: unknown): unknown {
    const values = right as unknown[];
    return values.length === 0 ? left : this.add(left, values[0]);
  }

  result(slot: unknown): unknown {
    return (slot as unknown[])[0];
  }
}
