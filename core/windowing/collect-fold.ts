import type { SlotFold } from "./aggregator.ts";

/** All values in the order they came. */
export class CollectFold implements SlotFold {
  readonly ordered = true;
  readonly numeric = false;

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
    return (slot as unknown[]).slice();
  }
}
