/** Draws that a seed repeats. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 <= draw < 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  shuffled<T>(values: readonly T[]): readonly T[] {
    const rest = [...values];
    const result: T[] = [];
    while (rest.length > 0) result.push(...rest.splice(this.integer(0, rest.length - 1), 1));
    return result;
  }
}

/** `MILLRACE_SEED` repeats the draws of a failure. */
export function seedOfRun(): number {
  const given = process.env["MILLRACE_SEED"];
  return given === undefined ? Math.floor(Math.random() * 4_294_967_296) : Number(given);
}
