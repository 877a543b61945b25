import type { Random } from "../../core/ports/index.ts";

const UNIT = 1 / 0x1_0000_0000;

/** Two 32-bit words mixed into one (murmur3's finalizer): every bit of both changes all of it. */
export function mix(left: number, right: number): number {
  let mixed = Math.imul(left ^ Math.imul(right, 0x9e37_79b1), 0x85eb_ca6b) + 0x7f4a_7c15;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** 32 bits of a text (FNV-1a). */
export function hashOf(text: string, start = 0x811c_9dc5): number {
  let hash = start;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  }
  return hash >>> 0;
}

/** 0 <= unit < 1, for a 32-bit word. */
export function unit(word: number): number {
  return word * UNIT;
}

/**
 * Draws that a seed repeats (xoshiro128**).
 *
 *   R1  what a fork draws depends on the seed and on the names on the way to it, never on what was
 *       drawn elsewhere: leaving one thing out shifts nothing else
 *   R2  streams are told apart by 64 bits, because ids of commits are drawn from them
 */
export class Stream implements Random {
  readonly #key0: number;
  readonly #key1: number;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  private constructor(key0: number, key1: number) {
    this.#key0 = key0;
    this.#key1 = key1;
    // Every word depends on both keys: the first draws of neighbouring seeds have to differ.
    this.#a = mix(key0, mix(key1, 1));
    this.#b = mix(key1, mix(key0, 2));
    this.#c = mix(key0, mix(key1, 3));
    this.#d = mix(key1, mix(key0, 4)) | 1;
  }

  /** `seed`: 0 to 2^53 - 1. */
  static of(seed: number): Stream {
    const low = seed >>> 0;
    const high = Math.floor(seed * UNIT) >>> 0;
    return new Stream(mix(low, mix(high, 0x51ed)), mix(high, mix(low, 0x270b)));
  }

  /** The stream of this name under this one (R1). */
  fork(name: string): Stream {
    const first = hashOf(name);
    const second = hashOf(name, 0x9747_b28c);
    return new Stream(mix(this.#key0, first), mix(this.#key1, second));
  }

  /** 32 bits. */
  word(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  next(): number {
    return this.word() * UNIT;
  }

  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** As likely near `low` as near `high` on a logarithmic scale: rates, long delays. */
  logBetween(low: number, high: number): number {
    return low * (high / low) ** this.next();
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T; // callers never pass an empty list
  }
}
