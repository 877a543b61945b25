import { DataError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { columnKinds } from "./column-kinds.ts";

/** What `numberForm` finds, as bits. */
export const forms = { integers: 1, deltas: 2, constant: 4 } as const;

/**
 * Which form of `values[from..to)` is shorter, and whether all are the same; 0: not all of them are
 * safe integers, or one is -0. One look at each value, since most columns are such.
 */
export function numberForm(values: readonly unknown[], from: number, to: number): number {
  const first = values[from];
  let plain = 0;
  let deltas = 0;
  let previous = 0;
  let constant = true;
  for (let i = from; i < to; i++) {
    const value = values[i];
    if (typeof value !== "number" || !isPlainInteger(value)) return 0;
    if (value !== first) constant = false;
    plain += zigzagSize(value);
    deltas += deltaSize(value - previous);
    previous = value;
  }
  const form = deltas < plain ? forms.deltas : forms.integers;
  return constant ? form | forms.constant : form;
}

/** Writes safe integers as they are or as differences, whichever is shorter, with the kind's byte. */
export function writeIntegers(
  values: readonly number[],
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  writeForm(numberForm(values, from, to), values, writer, from, to);
}

/** Writes integers in the form that `numberForm` found. */
export function writeForm(
  form: number,
  values: readonly number[],
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  const differences = (form & forms.deltas) !== 0;
  writer.writeByte(differences ? columnKinds.deltas : columnKinds.integers);
  writer.writeZigzags(values, from, to, differences);
}

function isPlainInteger(value: number): boolean {
  if (value === 0) return 1 / value > 0;
  return (value | 0) === value || Number.isSafeInteger(value);
}

/** A difference that is no safe integer rules differences out. */
function deltaSize(delta: number): number {
  if (delta > Number.MAX_SAFE_INTEGER || delta < -Number.MAX_SAFE_INTEGER) return Infinity;
  return zigzagSize(delta);
}

function zigzagSize(value: number): number {
  const magnitude = value < 0 ? -1 - value : value;
  if (magnitude < 0x40) return 1;
  if (magnitude < 0x2000) return 2;
  if (magnitude < 0x100000) return 3;
  if (magnitude < 0x8000000) return 4;
  if (magnitude < 0x400000000) return 5;
  if (magnitude < 0x20000000000) return 6;
  return magnitude < 0x1000000000000 ? 7 : 8;
}

export function readIntegers(reader: ByteReader, count: number): number[] {
  reader.expectAtLeast(count);
  const values = new Array<number>(count);
  for (let i = 0; i < count; i++) values[i] = reader.readZigzag();
  return values;
}

export function readDeltas(reader: ByteReader, count: number): number[] {
  reader.expectAtLeast(count);
  const values = new Array<number>(count);
  let previous = 0;
  for (let i = 0; i < count; i++) {
    previous += reader.readZigzag();
    if (previous > Number.MAX_SAFE_INTEGER || previous < -Number.MAX_SAFE_INTEGER) {
      throw beyond(reader);
    }
    values[i] = previous;
  }
  return values;
}

export function writeDoubles(
  values: readonly number[],
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  writer.writeByte(columnKinds.doubles);
  writer.writeF64s(values, from, to);
}

export function readDoubles(reader: ByteReader, count: number): number[] {
  reader.expectAtLeast(count * 8);
  const values = new Array<number>(count);
  for (let i = 0; i < count; i++) values[i] = reader.readF64();
  return values;
}

/** One bit per value, 1 where it is `set`, without a kind's byte. */
export function writeBits(
  values: readonly unknown[],
  set: unknown,
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  for (let start = from; start < to; start += 8) {
    const end = Math.min(start + 8, to);
    let byte = 0;
    for (let i = start; i < end; i++) if (values[i] === set) byte |= 1 << (i - start);
    writer.writeByte(byte);
  }
}

export function readBits(reader: ByteReader, count: number): boolean[] {
  reader.expectAtLeast((count + 7) >>> 3);
  const values = new Array<boolean>(count);
  for (let start = 0; start < count; start += 8) {
    const byte = reader.readByte();
    const end = Math.min(start + 8, count);
    for (let i = start; i < end; i++) values[i] = ((byte >> (i - start)) & 1) === 1;
  }
  return values;
}

function beyond(reader: ByteReader): DataError {
  return new DataError(
    `a column of differences goes beyond 2^53 - 1 before offset ${reader.position}`,
    {
      code: "RECORD_INTEGER",
      hint: "the bytes are damaged; read them from a good copy",
    },
  );
}
