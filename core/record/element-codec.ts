import { assertNever } from "../assert.ts";
import { DataError } from "../errors.ts";
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from "../timestamp.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { BarrierElement, StreamElement } from "./element.ts";
import { decodeRecords, encodeRecords } from "./records.ts";

/** First byte of an element, format 1. Persisted: a number never changes its meaning. */
const elementTags = {
  /** a batch, `records.ts` */
  records: 1,
  /** 64-bit milliseconds; -/+ infinity as the smallest and largest 64-bit integer */
  watermark: 2,
  active: 3,
  idle: 4,
  /** varint checkpoint */
  barrier: 5,
  end: 6,
  /** varint checkpoint */
  savepointBarrier: 7,
  /** varint checkpoint */
  stopBarrier: 8,
} as const;

const MIN_I64 = -(2n ** 63n);
const MAX_I64 = 2n ** 63n - 1n;

/** Writes one element of a channel. */
export function encodeElement(element: StreamElement, writer: ByteWriter): void {
  switch (element.kind) {
    case "records":
      writer.writeByte(elementTags.records);
      return encodeRecords(element.values, element.timestamps, writer);
    case "watermark":
      writer.writeByte(elementTags.watermark);
      return writer.writeI64(toI64(element.timestamp));
    case "status":
      return writer.writeByte(element.idle ? elementTags.idle : elementTags.active);
    case "barrier":
      writer.writeByte(barrierTag(element));
      return writer.writeVarint(element.checkpoint);
    case "end":
      return writer.writeByte(elementTags.end);
    default:
      assertNever(element);
  }
}

/** Reads what `encodeElement` wrote. */
export function decodeElement(reader: ByteReader): StreamElement {
  const tag = reader.readByte();
  switch (tag) {
    case elementTags.records: {
      const { values, timestamps } = decodeRecords(reader);
      return { kind: "records", values, timestamps };
    }
    case elementTags.watermark:
      return { kind: "watermark", timestamp: fromI64(reader) };
    case elementTags.active:
      return { kind: "status", idle: false };
    case elementTags.idle:
      return { kind: "status", idle: true };
    case elementTags.barrier:
      return { kind: "barrier", checkpoint: reader.readVarint() };
    case elementTags.savepointBarrier:
      return { kind: "barrier", checkpoint: reader.readVarint(), savepoint: true };
    case elementTags.stopBarrier:
      return { kind: "barrier", checkpoint: reader.readVarint(), savepoint: true, stop: true };
    case elementTags.end:
      return { kind: "end" };
    default:
      throw malformed(`unknown element ${tag}`, reader);
  }
}

function barrierTag({ savepoint, stop }: BarrierElement): number {
  if (stop === true) return elementTags.stopBarrier;
  return savepoint === true ? elementTags.savepointBarrier : elementTags.barrier;
}

function toI64(timestamp: number): bigint {
  if (timestamp >= MAX_TIMESTAMP) return MAX_I64;
  return timestamp <= MIN_TIMESTAMP ? MIN_I64 : BigInt(timestamp);
}

function fromI64(reader: ByteReader): number {
  const stored = reader.readI64();
  if (stored === MAX_I64) return MAX_TIMESTAMP;
  if (stored === MIN_I64) return MIN_TIMESTAMP;
  const timestamp = Number(stored);
  if (!Number.isSafeInteger(timestamp)) throw malformed(`timestamp ${stored}`, reader);
  return timestamp;
}

function malformed(what: string, reader: ByteReader): DataError {
  return new DataError(`an element is malformed before offset ${reader.position}: ${what}`, {
    code: "RECORD_ELEMENT",
    hint: "the bytes are damaged or written by a newer Millrace",
  });
}
