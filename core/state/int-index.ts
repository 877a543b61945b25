/** Fibonacci hashing: spreads consecutive and regular keys over the high bits. */
const MULTIPLIER = 0x9e3779b1;
const EMPTY: Int32Array = new Int32Array(16);

/**
 * From 32-bit integer keys to slots: open addressing with linear probing, key and slot side by side
 * in one Int32Array, at most half full. One cache miss where a Map has two or three (bench "keyed
 * ValueState, 1,000,000 keys": twice the rate of a Map as the index), and nothing for the garbage
 * collector to look at.
 *
 *   I1  entry e is `#table[2e]` = key, `#table[2e + 1]` = slot + 1; 0 there means empty
 *   I2  between a key's home entry and its entry no entry is empty
 */
export class IntIndex {
  #table: Int32Array;
  /** 32 - log2 of the number of entries. */
  #shift: number;
  #size: number;

  constructor() {
    this.#table = EMPTY;
    this.#shift = 29;
    this.#size = 0;
  }

  /** The slot of a key, or -1. */
  find(key: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let at = (Math.imul(key ^ (key >>> 15), MULTIPLIER) >>> this.#shift) << 1;
    for (;;) {
      const stored = table[at + 1] as number;
      if (stored === 0) return -1;
      if (table[at] === key) return stored - 1;
      at = (at + 2) & mask;
    }
  }

  /** Adds a key that is not there. */
  add(key: number, slot: number): void {
    if (this.#size === 0 && this.#table === EMPTY) this.#table = new Int32Array(EMPTY.length);
    else if (this.#size * 4 >= this.#table.length) this.#grow();
    this.#put(key, slot + 1);
    this.#size++;
  }

  /** Removes a key that is there, and closes the gap (I2). */
  delete(key: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let gap = this.#home(key);
    while (table[gap] !== key || table[gap + 1] === 0) gap = (gap + 2) & mask;
    for (let at = (gap + 2) & mask; table[at + 1] !== 0; at = (at + 2) & mask) {
      const fromHome = (at - this.#home(table[at] as number)) & mask;
      if (fromHome < ((at - gap) & mask)) continue;
      table[gap] = table[at] as number;
      table[gap + 1] = table[at + 1] as number;
      gap = at;
    }
    table[gap + 1] = 0;
    this.#size--;
  }

  #home(key: number): number {
    return (Math.imul(key ^ (key >>> 15), MULTIPLIER) >>> this.#shift) << 1;
  }

  #put(key: number, stored: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = this.#home(key);
    while (table[at + 1] !== 0) at = (at + 2) & mask;
    table[at] = key;
    table[at + 1] = stored;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    this.#shift--;
    for (let at = 0; at < old.length; at += 2) {
      const stored = old[at + 1] as number;
      if (stored !== 0) this.#put(old[at] as number, stored);
    }
  }
}
