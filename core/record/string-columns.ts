import { DataError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { columnKinds } from "./column-kinds.ts";

/** Indexes of a dictionary are one or two bytes. */
const DICTIONARY_MAX = 65_536;
/** One string in 16 is looked at, at most 1,024. */
const SAMPLE_STRETCH_MIN = 16;
const SAMPLE_MAX = 1_024;

interface Dictionary {
  /** The distinct strings in the order of their index. */
  readonly texts: ReadonlyMap<string, number>;
  readonly indexes: Uint16Array;
}

/** Writes strings, by a dictionary where at least half of them repeat, with the kind's byte. */
export function writeStrings(
  values: readonly string[],
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  const dictionary = findDictionary(values, from, to);
  if (dictionary !== null) return writeDictionary(dictionary, writer);
  writer.writeByte(columnKinds.strings);
  for (let i = from; i < to; i++) writer.writeString(values[i] as string);
}

/** The distinct strings, or null when they are too many. */
function findDictionary(values: readonly string[], from: number, to: number): Dictionary | null {
  const count = to - from;
  if (!sampleRepeats(values, from, count)) return null;
  const distinctMax = Math.min(DICTIONARY_MAX, count >> 1);
  const texts = new Map<string, number>();
  const indexes = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const text = values[from + i] as string;
    const known = texts.get(text);
    if (known === undefined) {
      if (texts.size === distinctMax) return null;
      indexes[i] = texts.size;
      texts.set(text, texts.size);
    } else indexes[i] = known;
  }
  return { texts, indexes };
}

/**
 * Whether any of a few strings from all over the column are equal. Where half of all strings repeat
 * they nearly always are, so that a column of ids costs no dictionary. One string of each stretch is
 * taken, at a place that differs from stretch to stretch, or a column that repeats in a fixed rhythm
 * would look like one of ids.
 */
function sampleRepeats(values: readonly string[], from: number, count: number): boolean {
  const stretch = Math.max(SAMPLE_STRETCH_MIN, Math.floor(count / SAMPLE_MAX));
  if (count < stretch * SAMPLE_STRETCH_MIN) return true;
  const seen = new Set<string>();
  let taken = 0;
  for (let start = 0; start + stretch <= count; start += stretch) {
    const place = (Math.imul(taken, 0x9e3779b1) >>> 16) % stretch;
    seen.add(values[from + start + place] as string);
    taken += 1;
  }
  return seen.size < taken;
}

function writeDictionary(dictionary: Dictionary, writer: ByteWriter): void {
  writer.writeByte(columnKinds.dictionary);
  writer.writeVarint(dictionary.texts.size);
  for (const text of dictionary.texts.keys()) writer.writeString(text);
  writer.writeIndexes(dictionary.indexes, dictionary.texts.size > 256 ? 2 : 1);
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
