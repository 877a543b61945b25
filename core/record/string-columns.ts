import { DataError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { columnKinds } from "./column-kinds.ts";

/** Indexes of a dictionary are one or two bytes. */
const DICTIONARY_MAX = 65_536;

/** Writes strings, by a dictionary where at least half of them repeat, with the kind's byte. */
export function writeStrings(
  values: readonly string[],
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  const dictionary = findDictionary(values, from, to);
  if (dictionary !== null) return writeDictionary(values, dictionary, writer, from, to);
  writer.writeByte(columnKinds.strings);
  for (let i = from; i < to; i++) writer.writeString(values[i] as string);
}

/**
 * The distinct strings with their indexes, or null when they are too many. No repetition among the
 * first few tells early that there is nothing to gain, as a rule.
 */
function findDictionary(
  values: readonly string[],
  from: number,
  to: number,
): Map<string, number> | null {
  const count = to - from;
  const distinctMax = Math.min(DICTIONARY_MAX, count >> 1);
  const probe = from + Math.min(Math.max(count >> 4, 16), 1024);
  const indexes = new Map<string, number>();
  for (let i = from; i < to; i++) {
    const value = values[i] as string;
    if (!indexes.has(value)) indexes.set(value, indexes.size);
    if (indexes.size > distinctMax) return null;
    if (i === probe && indexes.size > i - from) return null;
  }
  return indexes;
}

function writeDictionary(
  values: readonly string[],
  dictionary: ReadonlyMap<string, number>,
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  writer.writeByte(columnKinds.dictionary);
  writer.writeVarint(dictionary.size);
  for (const text of dictionary.keys()) writer.writeString(text);
  const wide = dictionary.size > 256;
  for (let i = from; i < to; i++) {
    const index = dictionary.get(values[i] as string) as number; // every value is in it
    writer.writeByte(index & 0xff);
    if (wide) writer.writeByte(index >> 8);
  }
}

export function readStrings(reader: ByteReader, count: number): string[] {
  reader.expectAtLeast(count);
  const values = new Array<string>(count);
  for (let i = 0; i < count; i++) values[i] = reader.readString();
  return values;
}

export function readDictionary(reader: ByteReader, count: number): string[] {
  const size = reader.readCount("a dictionary");
  const texts = readStrings(reader, size);
  const wide = size > 256;
  reader.expectAtLeast(wide ? count * 2 : count);
  const values = new Array<string>(count);
  for (let i = 0; i < count; i++) {
    const index = wide ? reader.readByte() | (reader.readByte() << 8) : reader.readByte();
    if (index >= size) throw noSuchString(index, size, reader);
    values[i] = texts[index] as string; // below size
  }
  return values;
}

function noSuchString(index: number, size: number, reader: ByteReader): DataError {
  return new DataError(
    `a dictionary of ${size} strings has no string ${index}, at offset ${reader.position}`,
    {
      code: "RECORD_DICTIONARY",
      hint: "the bytes are damaged; read them from a good copy",
    },
  );
}
