import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { fromBytes, toBytes } from "./codec.ts";
import { type DecodedRecords, decodeRecords, encodeRecords } from "./records.ts";

/**
 * A value as it would be after a checkpoint or on another machine; strict mode passes every edge and
 * every state write through it. What the codec refuses is the same DataError as there.
 */
export function roundTrip<T>(value: T): T {
  return fromBytes(toBytes(value)) as T; // the codec gives back what it got
}

/** `roundTrip` of a batch. */
export function roundTripRecords(
  values: readonly unknown[],
  timestamps: readonly number[],
): DecodedRecords {
  const writer = new ByteWriter(1024);
  encodeRecords(values, timestamps, writer);
  const reader = new ByteReader(writer.view());
  const records = decodeRecords(reader);
  reader.expectEnd();
  return records;
}
