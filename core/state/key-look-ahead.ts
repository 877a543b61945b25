import { keyIdentity } from "../record/index.ts";
import type { Key, KeyIdentity } from "../record/key.ts";
import type { StateScope } from "./state-scope.ts";
import type { StateTable } from "./state-table.ts";

/** Below this many keys the table fits into the processor's caches, and looking ahead costs more. */
const KEYS_MIN = 32_768;
/** Records whose keys are looked up together at most. */
export const LOOK_AHEAD_MAX = 64;

/**
 * Slots of the records to come. In a large table each look-up waits for memory; made one after the
 * other, in a loop that does nothing else, the waits overlap (`bench/`, keyed state of 1,000,000
 * keys).
 *
 *   LA1  a slot counts only in the epoch it was looked up in; else the key is looked up again
 */
export class KeyLookAhead {
  readonly #table: StateTable;
  readonly #identities: KeyIdentity[] = [];
  readonly #slots = new Int32Array(LOOK_AHEAD_MAX);
  #epoch = 0;

  constructor(table: StateTable) {
    this.#table = table;
  }

  /** Whether the table is large enough for it to pay. */
  get pays(): boolean {
    return this.#table.slotsEnd >= KEYS_MIN;
  }

  /** Takes the key of the i-th record to come. */
  setKey(i: number, key: Key): void {
    this.#identities[i] = keyIdentity(key);
  }

  /** Looks up the first `count` keys. */
  find(count: number): void {
    const table = this.#table;
    this.#epoch = table.epoch;
    for (let i = 0; i < count; i++) {
      this.#slots[i] = table.find(this.#identities[i] as KeyIdentity);
    }
  }

  /** Makes the i-th key the current one of a scope. */
  enter(scope: StateScope, i: number): void {
    const table = this.#table;
    scope.enter(table, this.#identities[i] as KeyIdentity);
    if (table.epoch !== this.#epoch) return;
    scope.slot = this.#slots[i] as number;
    scope.epoch = this.#epoch;
  }
}
