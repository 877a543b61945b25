import { LimitError } from "../errors.ts";
import { limits } from "../limits.ts";
import { utf8Length, writeUtf8 } from "./utf8.ts";

/**
 * Bytes that grow. Numbers of several bytes are little-endian; varints are LEB128.
 *
 * @example
 * const writer = new ByteWriter();
 * writer.writeVarint(300);
 * writer.writeString("origin");
 * const bytes = writer.toBytes();
 */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  writeByte(value: number): void {
    const at = this.#take(1);
    this.#bytes[at] = value;
  }

  /** 0 to 2^32 - 1, four bytes. */
  writeU32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value, true);
  }

  /** Overwrites four bytes written before. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Eight bytes; every NaN is written as the same one. */
  writeF64(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value === value ? value : Number.NaN, true);
  }

  /** A bigint that fits 64 bits, as two's complement. */
  writeI64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigInt64(at, value, true);
  }

  /** A safe integer that is not negative, 1 to 8 bytes. */
  writeVarint(value: number): void {
    const at = this.#take(8);
    this.#length = at + putVarint(this.#bytes, at, value);
  }

  /** Any safe integer, small ones of both signs in one byte. */
  writeZigzag(value: number): void {
    const at = this.#take(8);
    this.#length = at + putZigzag(this.#bytes, at, value);
  }

  /** `values[from..to)` as zigzags, or as their differences, the first one from 0. */
  writeZigzags(values: readonly number[], from: number, to: number, differences: boolean): void {
    let next = this.#take((to - from) * 8);
    const bytes = this.#bytes;
    let previous = 0;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      next += putZigzag(bytes, next, value - previous);
      if (differences) previous = value;
    }
    this.#length = next;
  }

  /** `values[from..to)`, eight bytes each as in `writeF64`. */
  writeF64s(values: readonly number[], from: number, to: number): void {
    let at = this.#take((to - from) * 8);
    const view = this.#view;
    for (let i = from; i < to; i++, at += 8) {
      const value = values[i] as number;
      view.setFloat64(at, value === value ? value : Number.NaN, true);
    }
  }

  /** Length in bytes as varint, then UTF-8. Longer than `valueBytesMax` is a LimitError. */
  writeString(text: string): void {
    const units = text.length;
    if (units < 128) {
      const at = this.#take(units + 1);
      if (putAscii(text, this.#bytes, at + 1)) {
        this.#bytes[at] = units;
        return;
      }
      this.#length = at;
    }
    const length = utf8Length(text);
    checkLength(length, "string");
    this.writeVarint(length);
    const at = this.#take(length);
    writeUtf8(text, this.#bytes, at);
  }

  /** Indexes below 2^16, `width` bytes each (1 or 2). */
  writeIndexes(indexes: Uint16Array, width: 1 | 2): void {
    let at = this.#take(indexes.length * width);
    const bytes = this.#bytes;
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i] as number;
      bytes[at++] = index & 0xff;
      if (width === 2) bytes[at++] = index >> 8;
    }
  }

  /** The bytes alone, without their length. */
  writeBytes(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Forgets what was written and keeps the room. */
  reset(): void {
    this.#length = 0;
  }

  /** A copy of what was written from `from` on. */
  toBytes(from = 0): Uint8Array {
    return this.#bytes.slice(from, this.#length);
  }

  /** The room itself: what was written is `[0, length)`. Good until the next write. */
  get room(): Uint8Array {
    return this.#bytes;
  }

  /** What was written, without a copy: good until the next write. */
  view(from = 0): Uint8Array {
    return this.#bytes.subarray(from, this.#length);
  }

  /** The position of `count` bytes that may be written now. */
  #take(count: number): number {
    const at = this.#length;
    const end = at + count;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return at;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2, 64));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** A LimitError unless a string or byte array of `length` bytes may be written or read. */
export function checkLength(length: number, what: string): void {
  if (length <= limits.valueBytesMax) return;
  throw new LimitError(
    `a ${what} has ${length} bytes, the limit valueBytesMax is ${limits.valueBytesMax}`,
    {
      code: "RECORD_TOO_LARGE",
      hint: "keep large contents in a file or an object store and pass its name",
    },
  );
}

function putZigzag(bytes: Uint8Array, at: number, value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) {
    const folded = (value << 1) ^ (value >> 31);
    if (folded >= 0x80) return putVarint(bytes, at, folded);
    bytes[at] = folded;
    return 1;
  }
  const magnitude = value < 0 ? -value - 1 : value;
  bytes[at] = 0x80 | ((magnitude & 0x3f) << 1) | (value < 0 ? 1 : 0);
  return 1 + putVarint(bytes, at + 1, Math.floor(magnitude / 64));
}

/** Gives the number of bytes written. */
function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let next = at;
  let rest = value;
  while (rest >= 0x80000000) {
    bytes[next++] = 0x80 | (rest & 0x7f);
    rest = Math.floor(rest / 128);
  }
  while (rest >= 0x80) {
    bytes[next++] = 0x80 | (rest & 0x7f);
    rest >>>= 7;
  }
  bytes[next] = rest;
  return next + 1 - at;
}

function putAscii(text: string, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return false;
    bytes[at + i] = unit;
  }
  return true;
}
