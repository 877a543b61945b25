import { DataError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { columnKinds } from "./column-kinds.ts";

/** Writes safe integers as they are or as differences, whichever is shorter, with the kind's byte. */
export function writeIntegers(
  values: readonly number[],
  writer: ByteWriter,
  from: number,
  to: number,
): void {
  if (deltasAreShorter(values, from, to)) {
    writer.writeByte(columnKinds.deltas);
    return writer.writeZigzags(values, from, to, true);
  }
  writer.writeByte(columnKinds.integers);
  writer.writeZigzags(values, from, to, false);
}

function deltasAreShorter(values: readonly number[], from: number, to: number): boolean {
  let plain = 0;
  let deltas = 0;
  let previous = 0;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    const delta = value - previous;
    if (delta > Number.MAX_SAFE_INTEGER || delta < -Number.MAX_SAFE_INTEGER) return false;
    plain += zigzagSize(value);
    deltas += zigzagSize(delta);
    previous = value;
  }
  return deltas < plain;
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
