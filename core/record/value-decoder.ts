import { DataError, LimitError } from "../errors.ts";
import { limits } from "../limits.ts";
import { readMagnitude } from "./bigint-bytes.ts";
import type { ByteReader } from "./byte-reader.ts";
import { checkLength } from "./byte-writer.ts";
import { decodeTypedArray } from "./typed-arrays.ts";
import { tags } from "./value-tags.ts";

/** Reads one value; `depth` is the number of containers around it. */
export function readValue(reader: ByteReader, depth: number): unknown {
  const tag = reader.readByte();
  if (tag >= tags.smallInteger) return tag - tags.smallInteger;
  switch (tag) {
    case tags.undefined:
      return undefined;
    case tags.null:
      return null;
    case tags.false:
      return false;
    case tags.true:
      return true;
    case tags.integer:
      return reader.readVarint();
    case tags.negativeInteger:
      return -1 - reader.readVarint();
    case tags.double:
      return reader.readF64();
    case tags.string:
      return reader.readString();
    case tags.bigint:
      return readMagnitude(reader);
    case tags.negativeBigint:
      return -readMagnitude(reader);
    case tags.date:
      return new Date(reader.readZigzag());
    case tags.invalidDate:
      return new Date(Number.NaN);
    default:
      return readContainer(tag, reader, depth);
  }
}

function readContainer(tag: number, reader: ByteReader, depth: number): unknown {
  if (depth >= limits.valueDepthMax) throw tooDeep(reader);
  switch (tag) {
    case tags.array:
      return readItems(reader, depth);
    case tags.object:
      return readFields({}, reader, depth);
    case tags.nullPrototypeObject:
      return readFields(Object.create(null) as Record<string, unknown>, reader, depth); // made here
    case tags.map:
      return readMap(reader, depth);
    case tags.set:
      return readSet(reader, depth);
    case tags.arrayBuffer:
      return readArrayBuffer(reader);
    default:
      return decodeTypedArray(tag, reader) ?? unknownTag(tag, reader);
  }
}

/** The first `count` items of an array; what follows them is neither read nor checked. */
export function readFirstItems(reader: ByteReader, count: number): unknown[] {
  const tag = reader.readByte();
  if (tag !== tags.array || reader.readCount("an array") < count) return [];
  const items: unknown[] = [];
  for (let i = 0; i < count; i++) items.push(readValue(reader, 1));
  return items;
}

function readItems(reader: ByteReader, depth: number): unknown[] {
  const count = reader.readCount("an array");
  const items: unknown[] = [];
  for (let i = 0; i < count; i++) items.push(readValue(reader, depth + 1));
  return items;
}

function readFields(
  into: Record<string, unknown>,
  reader: ByteReader,
  depth: number,
): Record<string, unknown> {
  const count = reader.readCount("an object", 2);
  for (let i = 0; i < count; i++) {
    const name = reader.readString();
    checkFieldName(name, reader);
    into[name] = readValue(reader, depth + 1);
  }
  return into;
}

function readMap(reader: ByteReader, depth: number): Map<unknown, unknown> {
  const count = reader.readCount("a Map", 2);
  const entries = new Map<unknown, unknown>();
  for (let i = 0; i < count; i++) {
    const key = readValue(reader, depth + 1);
    entries.set(key, readValue(reader, depth + 1));
  }
  return entries;
}

function readSet(reader: ByteReader, depth: number): Set<unknown> {
  const count = reader.readCount("a Set");
  const items = new Set<unknown>();
  for (let i = 0; i < count; i++) items.add(readValue(reader, depth + 1));
  return items;
}

function readArrayBuffer(reader: ByteReader): ArrayBuffer {
  const length = reader.readVarint();
  checkLength(length, "ArrayBuffer");
  return reader.readBytes(length).buffer as ArrayBuffer; // readBytes copies into a buffer of its own
}

/** Bytes must not reach a prototype: `__proto__` is refused here as it is when a value is written. */
export function checkFieldName(name: string, reader: ByteReader): void {
  if (name.length !== 9 || name !== "__proto__") return;
  throw new DataError(`a field "__proto__" before offset ${reader.position} is refused`, {
    code: "RECORD_PROTO_FIELD",
    hint: "the bytes are not written by Millrace; do not use them",
  });
}

function tooDeep(reader: ByteReader): LimitError {
  return new LimitError(
    `a value is nested deeper than the limit valueDepthMax of ${limits.valueDepthMax} at offset ${reader.position}`,
    { code: "RECORD_TOO_DEEP", hint: "the bytes are not written by Millrace; do not use them" },
  );
}

function unknownTag(tag: number, reader: ByteReader): never {
  throw new DataError(
    `unknown value tag 0x${tag.toString(16).padStart(2, "0")} at offset ${reader.position - 1}`,
    { code: "RECORD_TAG", hint: "the bytes are damaged or written by a newer Millrace" },
  );
}
