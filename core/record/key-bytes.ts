import { limits } from "../limits.ts";
import { writeMagnitude } from "./bigint-bytes.ts";
import { ByteWriter } from "./byte-writer.ts";
import { type Key, type KeyIdentity, keyFromIdentity, keyTooLarge } from "./key.ts";

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

/** Appends the canonical bytes of a key. */
export function writeKeyBytes(identity: KeyIdentity, writer: ByteWriter): void {
  const from = writer.length;
  if (typeof identity === "string" && identity.charCodeAt(0) === 0) {
    writeKey(keyFromIdentity(identity), writer);
  } else {
    writeKey(identity, writer);
  }
  const size = writer.length - from;
  if (size > limits.keyBytesMax) throw keyTooLarge(size, "bytes");
}

function writeKey(key: Key, writer: ByteWriter): void {
  switch (typeof key) {
    case "string":
      writer.writeByte(keyTags.string);
      return writer.writeString(key);
    case "number":
      writer.writeByte(keyTags.number);
      return writer.writeF64(key + 0); // -0 + 0 is 0
    case "boolean":
      return writer.writeByte(key ? keyTags.true : keyTags.false);
    case "bigint":
      writer.writeByte(key < 0n ? keyTags.negativeBigint : keyTags.bigint);
      return writeMagnitude(key < 0n ? -key : key, writer);
    default:
      return writeKeyObject(key, writer);
  }
}

function writeKeyObject(key: Date | readonly Key[], writer: ByteWriter): void {
  if (key instanceof Date) {
    writer.writeByte(keyTags.date);
    return writer.writeF64(key.getTime());
  }
  writer.writeByte(keyTags.array);
  writer.writeVarint(key.length);
  for (let i = 0; i < key.length; i++) writeKey(key[i] as Key, writer);
}
