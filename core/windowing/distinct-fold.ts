import { keyIdentity } from "../record/index.ts";
import type { Key } from "../record/key.ts";
import type { SlotFold } from "./aggregator.ts";

/** How many different values there are; they compare by value, as keys do. */
export class DistinctFold implements SlotFold {
  readonly ordered = false;
  readonly numeric = false;

  create(): unknown {
    return new Set();
  }

  add(slot: unknown, value: unknown): unknown {
    (slot as Set<unknown>).add(keyIdentity(value as Key));
    return slot;
  }

  merge(left: unknown, right: unknown): unknown {
    const values = left as Set<unknown>;
    for (const value of right as Set<unknown>) values.add(value);
    return values;
  }

  result(slot: unknown): unknown {
    return (slot as Set<unknown>).size;
  }
}
