import { utf8Length, writeUtf8 } from "../record/utf8.ts";

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4). */
const K: Int32Array = Int32Array.from(firstPrimes(64), (prime) => fraction32(Math.cbrt(prime)));

/** The same of the square roots of the first 8 primes. */
const START: Int32Array = Int32Array.from(firstPrimes(8), (prime) => fraction32(Math.sqrt(prime)));

/** SHA-256 of a text's UTF-8 bytes, as 64 hex digits. For plans, not for data: it is not fast. */
export function sha256(text: string): string {
  const message = padded(text);
  const hash = Int32Array.from(START);
  const words = new Int32Array(64);
  for (let block = 0; block < message.length; block += 64) {
    expand(message, block, words);
    compress(hash, words);
  }
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function expand(message: Uint8Array, block: number, words: Int32Array): void {
  const view = new DataView(message.buffer, block, 64);
  for (let i = 0; i < 16; i += 1) words[i] = view.getInt32(i * 4);
  for (let i = 16; i < 64; i += 1) {
    const w2 = words[i - 2] ?? 0;
    const w15 = words[i - 15] ?? 0;
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    words[i] = (s1 + (words[i - 7] ?? 0) + s0 + (words[i - 16] ?? 0)) | 0;
  }
}

function compress(hash: Int32Array, words: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let i = 0; i < 64; i += 1) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + s1 + choice + (K[i] ?? 0) + (words[i] ?? 0)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + s0 + majority) | 0;
  }
  const round = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i += 1) hash[i] = (hash[i] ?? 0) + (round[i] ?? 0);
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The message, a one bit, zeros, and the length in bits as a 64-bit integer. */
function padded(text: string): Uint8Array {
  const length = utf8Length(text);
  const message = new Uint8Array(Math.ceil((length + 9) / 64) * 64);
  writeUtf8(text, message, 0);
  message[length] = 0x80;
  const view = new DataView(message.buffer);
  view.setUint32(message.length - 8, Math.floor((length * 8) / 2 ** 32));
  view.setUint32(message.length - 4, (length * 8) >>> 0);
  return message;
}

function fraction32(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n += 1) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  return primes;
}
