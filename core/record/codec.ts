import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readFirstItems, readValue } from "./value-decoder.ts";
import { writeValue } from "./value-encoder.ts";

/** Larger room than this is not kept for the next value. */
const SCRATCH_BYTES_MAX = 1_048_576;

let scratch: ByteWriter | null = null;

/**
 * Writes a value: primitives, bigint, Date, arrays, plain objects, Map, Set, ArrayBuffer and typed
 * arrays, nested. The same value always gives the same bytes. What appears twice in a value is
 * written twice; fields that are named by symbols or not enumerable are no part of it, as in JSON. Class instances, functions, symbols, holes and fields named `__proto__` are a
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

/** The first `count` items of an array that `encodeValue` wrote; none if it is no such array. */
export function decodeFirstItems(reader: ByteReader, count: number): readonly unknown[] {
  return readFirstItems(reader, count);
}

/** The bytes of one value. */
export function toBytes(value: unknown): Uint8Array {
  const writer = takeScratch();
  encodeValue(value, writer);
  const bytes = writer.toBytes();
  keepScratch(writer);
  return bytes;
}

/** The value of all of `bytes`. */
export function fromBytes(bytes: Uint8Array): unknown {
  const reader = new ByteReader(bytes);
  const value = decodeValue(reader);
  reader.expectEnd();
  return value;
}

/**
 * A value as it would be after a checkpoint or on another machine; strict mode passes every state
 * write through it. What the codec refuses is the same DataError as there.
 */
export function roundTrip<T>(value: T): T {
  const writer = takeScratch();
  encodeValue(value, writer);
  const copy = readValue(new ByteReader(writer.room, 0, writer.length), 0);
  keepScratch(writer);
  return copy as T; // the codec gives back what it got
}

/**
 * Room that is used again: whoever takes it has it alone, even when a getter encodes a value. What
 * is to outlive `keepScratch` is copied out with `toBytes`; who fails need not give it back.
 */
export function takeScratch(): ByteWriter {
  const writer = scratch ?? new ByteWriter();
  scratch = null;
  writer.reset();
  return writer;
}

export function keepScratch(writer: ByteWriter): void {
  if (writer.room.length <= SCRATCH_BYTES_MAX) scratch = writer;
}
