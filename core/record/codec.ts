import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readValue } from "./value-decoder.ts";
import { writeValue } from "./value-encoder.ts";

/**
 * Writes a value: primitives, bigint, Date, arrays, plain objects, Map, Set, ArrayBuffer and typed
 * arrays, nested. The same value always gives the same bytes. What appears twice in a value is
 * written twice. Class instances, functions, symbols, holes and fields named `__proto__` are a
 * DataError that names the place, e.g. `value.customer.address: class instance Address`; `root`
 * stands for `value` in it.
 */
export function encodeValue(value: unknown, writer: ByteWriter, root = "value"): void {
  writeValue(value, writer, root, 0);
}

/** Reads what `encodeValue` wrote. Anything else is a DataError or LimitError with the offset. */
export function decodeValue(reader: ByteReader): unknown {
  return readValue(reader, 0);
}

/** The bytes of one value. */
export function toBytes(value: unknown): Uint8Array {
  const writer = new ByteWriter();
  encodeValue(value, writer);
  return writer.toBytes();
}

/** The value of all of `bytes`. */
export function fromBytes(bytes: Uint8Array): unknown {
  const reader = new ByteReader(bytes);
  const value = decodeValue(reader);
  reader.expectEnd();
  return value;
}
