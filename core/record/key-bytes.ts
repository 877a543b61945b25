import { limits } from "../limits.ts";
import { writeMagnitude } from "./bigint-bytes.ts";
import { ByteWriter } from "./byte-writer.ts";
import {
  type Key,
  type KeyIdentity,
  keyFromIdentity,
  keyTooDeep,
  keyTooLarge,
  notAKey,
} from "./key.ts";

/** First byte of a key or of an element of one. Persisted, and hashed: they never change. */
const keyTags = {
  false: 0x10,
  true: 0x11,
  number: 0x20,
  string: 0x30,
  bigint: 0x40,
  negativeBigint: 0x41,
  date: 0x50,
  array: 0x60,
} as const;

/**
 * The canonical bytes of a key: equal exactly for keys that are equal by value. A type byte, then
 *
 *   boolean   (0x10 false, 0x11 true) nothing
 *   number    (0x20) IEEE 754 double, little-endian; -0 as 0, NaN as 00 00 00 00 00 00 f8 7f
 *   string    (0x30) varint length in bytes, UTF-8 (lone surrogates as three bytes)
 *   bigint    (0x40, below zero 0x41) varint length, magnitude little-endian, no leading zeros
 *   Date      (0x50) milliseconds as a double like a number
 *   array     (0x60) varint count, then the elements in their order, each as here
 *
 * Longer than `keyBytesMax` is a LimitError.
 *
 * @example keyBytes(keyIdentity("ab")) // 30 02 61 62
 */
export function keyBytes(identity: KeyIdentity): Uint8Array {
  const writer = new ByteWriter(32);
  writeKeyBytes(identity, writer);
  return writer.toBytes();
}

/** Appends the canonical bytes of a key that is given by its identity. */
export function writeKeyBytes(identity: KeyIdentity, writer: ByteWriter): void {
  const escaped = typeof identity === "string" && identity.charCodeAt(0) === 0;
  writeKey(escaped ? keyFromIdentity(identity) : identity, writer);
}

/** The same of a key itself. Anything that is no key is a DataError, as in `keyIdentity`. */
export function writeKey(key: Key, writer: ByteWriter): void {
  const from = writer.length;
  writeElement(key, writer, key, 0);
  const size = writer.length - from;
  if (size > limits.keyBytesMax) throw keyTooLarge(size, "bytes");
}

function writeElement(element: Key, writer: ByteWriter, whole: Key, depth: number): void {
  switch (typeof element) {
    case "string":
      writer.writeByte(keyTags.string);
      return writer.writeString(element);
    case "number":
      writer.writeByte(keyTags.number);
      return writer.writeF64(element + 0); // -0 + 0 is 0
    case "boolean":
      return writer.writeByte(element ? keyTags.true : keyTags.false);
    case "bigint":
      writer.writeByte(element < 0n ? keyTags.negativeBigint : keyTags.bigint);
      return writeMagnitude(element < 0n ? -element : element, writer);
    default:
      return writeObject(element, writer, whole, depth);
  }
}

function writeObject(
  element: Date | readonly Key[],
  writer: ByteWriter,
  whole: Key,
  depth: number,
): void {
  if (Array.isArray(element)) {
    return writeArray(element as readonly Key[], writer, whole, depth); // isArray widens to any[]
  }
  const ms = element instanceof Date ? element.getTime() : Number.NaN;
  if (ms !== ms) throw notAKey(element, whole, depth);
  writer.writeByte(keyTags.date);
  writer.writeF64(ms);
}

function writeArray(elements: readonly Key[], writer: ByteWriter, whole: Key, depth: number): void {
  if (depth >= limits.valueDepthMax) throw keyTooDeep();
  writer.writeByte(keyTags.array);
  writer.writeVarint(elements.length);
  for (let i = 0; i < elements.length; i++) {
    writeElement(elements[i] as Key, writer, whole, depth + 1);
  }
}
