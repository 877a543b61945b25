import { assert } from "../assert.ts";
import { DataError, LimitError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { classes, classify, isConstant } from "./column-class.ts";
import { columnKinds } from "./column-kinds.ts";
import {
  forms,
  numberForm,
  readBits,
  readDeltas,
  readDoubles,
  readIntegers,
  writeBits,
  writeDoubles,
  writeForm,
  writeIntegers,
} from "./number-columns.ts";
import { readDictionary, readStrings, writeStrings } from "./string-columns.ts";
import { readTuples, splitTuples } from "./tuple-columns.ts";
import { readValue } from "./value-decoder.ts";
import { writeValue } from "./value-encoder.ts";

/**
 * Writes `values[from..to)` as one column, in the shortest of the forms in `column-kinds.ts` that
 * keeps every value. `root` names the values in errors.
 */
export function encodeColumn(
  values: readonly unknown[],
  writer: ByteWriter,
  from = 0,
  to: number = values.length,
  root = "value",
): void {
  assert(from >= 0 && from <= to && to <= values.length, "a column lies within its values");
  const count = to - from;
  checkCount(count);
  writer.writeVarint(count);
  if (count === 0) return;
  const tuples = splitTuples(values, from, to);
  if (tuples === null) writeFlat(values, writer, from, to, root);
  else writeTuples(tuples, writer, root);
}

function writeFlat(
  values: readonly unknown[],
  writer: ByteWriter,
  from: number,
  to: number,
  root: string,
): void {
  const form = numberForm(values, from, to);
  if ((form & forms.constant) !== 0 || (form === 0 && isConstant(values, from, to))) {
    writer.writeByte(columnKinds.constant);
    return writeValue(values[from], writer, root, 0);
  }
  if (form !== 0) return writeForm(form, values as readonly number[], writer, from, to); // as found
  writeClass(values, classify(values, from, to), writer, from, to, root);
}

/** The values of a column. `countMax` bounds them, since a constant column is short however long it is. */
export function decodeColumn(
  reader: ByteReader,
  countMax: number = limits.valueEntriesMax,
): unknown[] {
  const count = reader.readVarint();
  if (count > countMax) throw tooMany(count, countMax, reader);
  return count === 0 ? [] : readKind(reader.readByte(), reader, count);
}

function writeClass(
  values: readonly unknown[],
  found: number,
  writer: ByteWriter,
  from: number,
  to: number,
  root: string,
): void {
  switch (found) {
    case classes.integer:
      return writeIntegers(values as readonly number[], writer, from, to); // as classified
    case classes.double:
    case classes.double | classes.integer:
      return writeDoubles(values as readonly number[], writer, from, to); // as classified
    case classes.string:
      return writeStrings(values as readonly string[], writer, from, to); // as classified
    case classes.boolean:
      writer.writeByte(columnKinds.booleans);
      return writeBits(values, true, writer, from, to);
    case classes.date:
      return writeDates(values as readonly Date[], writer, from, to); // as classified
    default:
      return writeMixed(values, found, writer, from, to, root);
  }
}

function writeDates(values: readonly Date[], writer: ByteWriter, from: number, to: number): void {
  const times = new Array<number>(to - from);
  for (let i = from; i < to; i++) times[i - from] = (values[i] as Date).getTime();
  writer.writeByte(columnKinds.dates);
  writeIntegers(times, writer, 0, times.length);
}

function writeMixed(
  values: readonly unknown[],
  found: number,
  writer: ByteWriter,
  from: number,
  to: number,
  root: string,
): void {
  const present = found & ~(classes.null | classes.undefined);
  const absent = found & (classes.null | classes.undefined);
  const oneAbsent = absent === classes.null || absent === classes.undefined;
  if (oneAbsent && isUniform(present)) {
    return writeSparse(
      values,
      present,
      absent === classes.null ? null : undefined,
      writer,
      from,
      to,
    );
  }
  writer.writeByte(columnKinds.generic);
  for (let i = from; i < to; i++) writeValue(values[i], writer, root, 0);
}

function writeTuples(
  columns: readonly (readonly unknown[])[],
  writer: ByteWriter,
  root: string,
): void {
  writer.writeByte(columnKinds.tuples);
  writer.writeByte(columns.length);
  for (let place = 0; place < columns.length; place++) {
    const column = columns[place] as readonly unknown[];
    writeFlat(column, writer, 0, column.length, `${root}[${place}]`);
  }
}

function isUniform(found: number): boolean {
  return (
    found === (classes.integer | classes.double) || (found !== 0 && (found & (found - 1)) === 0)
  );
}

function writeSparse(
  values: readonly unknown[],
  present: number,
  absent: null | undefined,
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  const kept: unknown[] = [];
  const bits: boolean[] = new Array<boolean>(to - from);
  for (let i = from; i < to; i++) {
    const value = values[i];
    bits[i - from] = value !== absent;
    if (value !== absent) kept.push(value);
  }
  writer.writeByte(columnKinds.sparse);
  writeValue(absent, writer, "value", 0);
  writeBits(bits, true, writer, 0, bits.length);
  writeClass(kept, present, writer, 0, kept.length, "value");
}

function readKind(kind: number, reader: ByteReader, count: number): unknown[] {
  switch (kind) {
    case columnKinds.constant:
      return new Array<unknown>(count).fill(readValue(reader, 0));
    case columnKinds.integers:
      return readIntegers(reader, count);
    case columnKinds.deltas:
      return readDeltas(reader, count);
    case columnKinds.doubles:
      return readDoubles(reader, count);
    case columnKinds.strings:
      return readStrings(reader, count);
    case columnKinds.dictionary:
      return readDictionary(reader, count);
    case columnKinds.booleans:
      return readBits(reader, count);
    case columnKinds.dates:
      return readDates(reader, count);
    case columnKinds.sparse:
      return readSparse(reader, count);
    case columnKinds.generic:
      return readGeneric(reader, count);
    case columnKinds.tuples:
      return readTuples(reader, count, () => readFlat(reader, count));
    default:
      throw unknownKind(kind, reader);
  }
}

/** Tuples within tuples are never written, and would nest without end in damaged bytes. */
function readFlat(reader: ByteReader, count: number): readonly unknown[] {
  const kind = reader.readByte();
  if (kind === columnKinds.tuples) throw unknownKind(kind, reader);
  return readKind(kind, reader, count);
}

function readDates(reader: ByteReader, count: number): Date[] {
  const kind = reader.readByte();
  const deltas = kind === columnKinds.deltas;
  if (!deltas && kind !== columnKinds.integers) throw unknownKind(kind, reader);
  const times = deltas ? readDeltas(reader, count) : readIntegers(reader, count);
  const dates = new Array<Date>(count);
  for (let i = 0; i < count; i++) dates[i] = new Date(times[i] as number);
  return dates;
}

function readSparse(reader: ByteReader, count: number): unknown[] {
  const absent = readValue(reader, 0);
  const present = readBits(reader, count);
  let kept = 0;
  for (let i = 0; i < count; i++) if (present[i] === true) kept += 1;
  const kind = reader.readByte();
  if (kind === columnKinds.sparse || kind === columnKinds.tuples) throw unknownKind(kind, reader);
  const values = readKind(kind, reader, kept);
  const all = new Array<unknown>(count);
  for (let i = 0, next = 0; i < count; i++) all[i] = present[i] === true ? values[next++] : absent;
  return all;
}

function readGeneric(reader: ByteReader, count: number): unknown[] {
  reader.expectAtLeast(count);
  const values = new Array<unknown>(count);
  for (let i = 0; i < count; i++) values[i] = readValue(reader, 0);
  return values;
}

function checkCount(count: number): void {
  if (count <= limits.valueEntriesMax) return;
  throw new LimitError(
    `a column has ${count} values, the limit valueEntriesMax is ${limits.valueEntriesMax}`,
    {
      code: "VALUE_TOO_LARGE",
      hint: "write several columns",
    },
  );
}

function tooMany(count: number, countMax: number, reader: ByteReader): LimitError {
  return new LimitError(
    `a column claims ${count} values at offset ${reader.position}, at most ${countMax} may be there`,
    {
      code: "RECORD_TOO_LARGE",
      hint: "the bytes are damaged or not written by Millrace; read them from a good copy",
    },
  );
}

function unknownKind(kind: number, reader: ByteReader): DataError {
  return new DataError(`unknown column kind ${kind} at offset ${reader.position - 1}`, {
    code: "RECORD_TAG",
    hint: "the bytes are damaged or written by a newer Millrace",
  });
}
