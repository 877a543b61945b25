import { DataError, LimitError } from "../errors.ts";
import { limits } from "../limits.ts";
import { checkLength } from "./byte-writer.ts";
import { readUtf8 } from "./utf8.ts";

/**
 * Reads what a ByteWriter wrote. Every read is checked against the end of the bytes, and every
 * count against the bytes left, so that damaged bytes give an error and no large allocation.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  /** Made when first needed: most values have no use for it, and it is slow to make. */
  #view: DataView | null = null;
  #position: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, from = 0, to: number = bytes.length) {
    this.#bytes = plainBytes(bytes);
    this.#position = from;
    this.#end = to;
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#end - this.#position;
  }

  readByte(): number {
    const at = this.#position;
    if (at >= this.#end) throw this.#truncated(1);
    this.#position = at + 1;
    return this.#bytes[at] as number;
  }

  readU32(): number {
    return this.#dataView().getUint32(this.#take(4), true);
  }

  readF64(): number {
    return this.#dataView().getFloat64(this.#take(8), true);
  }

  readI64(): bigint {
    return this.#dataView().getBigInt64(this.#take(8), true);
  }

  /** A safe integer that is not negative. */
  readVarint(): number {
    const bytes = this.#bytes;
    const from = this.#position;
    const end = this.#end;
    let value = 0;
    for (let at = from, shift = 0; shift < 28; at++, shift += 7) {
      if (at >= end) throw this.#truncated(at - from + 1);
      const byte = bytes[at] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#position = at + 1;
        return value;
      }
    }
    return this.#readLongVarint(from + 4, value, 0x10000000);
  }

  /** Any safe integer. */
  readZigzag(): number {
    const first = this.readByte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    const rest = this.readVarint();
    const low = (first & 0x7f) >>> 1;
    const magnitude = rest < 0x800000 ? (rest << 6) | low : rest * 64 + low;
    const value = (first & 1) === 0 ? magnitude : -magnitude - 1;
    if (!Number.isSafeInteger(value)) throw this.#notAnInteger(this.#position);
    return value;
  }

  readString(): string {
    const length = this.readVarint();
    checkLength(length, "string");
    const from = this.#take(length);
    return readUtf8(this.#bytes, from, from + length);
  }

  /** A copy of the next `count` bytes. */
  readBytes(count: number): Uint8Array {
    const from = this.#take(count);
    return this.#bytes.slice(from, from + count);
  }

  /** The next `count` bytes where they lie. */
  readView(count: number): Uint8Array {
    const from = this.#take(count);
    return this.#bytes.subarray(from, from + count);
  }

  /**
   * A number of entries that follow, each of at least `bytesEach` bytes. More than the bytes left
   * can hold is a DataError, more than `valueEntriesMax` a LimitError.
   */
  readCount(what: string, bytesEach = 1): number {
    const count = this.readVarint();
    if (count > limits.valueEntriesMax) {
      throw new LimitError(
        `${what} claims ${count} entries at offset ${this.#position}, the limit valueEntriesMax is ${limits.valueEntriesMax}`,
        { code: "RECORD_TOO_LARGE", hint: DAMAGED },
      );
    }
    if (count * bytesEach > this.remaining) throw this.#truncated(count * bytesEach);
    return count;
  }

  /** A DataError unless `count` more bytes are there: asked before memory is taken for them. */
  expectAtLeast(count: number): void {
    if (count > this.remaining) throw this.#truncated(count);
  }

  /** A DataError unless everything was read. */
  expectEnd(): void {
    if (this.remaining === 0) return;
    throw new DataError(`${this.remaining} bytes follow the end at offset ${this.#position}`, {
      code: "RECORD_TRAILING",
      hint: DAMAGED,
    });
  }

  #dataView(): DataView {
    const bytes = this.#bytes;
    return (this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  #take(count: number): number {
    const from = this.#position;
    if (count > this.#end - from) throw this.#truncated(count);
    this.#position = from + count;
    return from;
  }

  #readLongVarint(from: number, low: number, unit: number): number {
    let value = low;
    let scale = unit;
    for (let at = from; at < from + 4; at++, scale *= 128) {
      if (at >= this.#end) throw this.#truncated(at - this.#position + 1);
      const byte = this.#bytes[at] as number;
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (!Number.isSafeInteger(value)) throw this.#notAnInteger(this.#position);
      this.#position = at + 1;
      return value;
    }
    throw this.#notAnInteger(this.#position);
  }

  #truncated(needed: number): DataError {
    return new DataError(
      `bytes end early: ${needed} needed at offset ${this.#position}, ${this.remaining} left`,
      { code: "RECORD_TRUNCATED", hint: DAMAGED },
    );
  }

  #notAnInteger(at: number): DataError {
    return new DataError(`an integer beyond 2^53 - 1 at offset ${at}`, {
      code: "RECORD_INTEGER",
      hint: DAMAGED,
    });
  }
}

const DAMAGED = "the bytes are damaged or not written by Millrace; read them from a good copy";

/**
 * Node's Buffer is a Uint8Array too, but its `slice` does not copy, and the codec refuses it as a
 * class instance: what is read from one must not be one.
 */
function plainBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
