import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { type DecodedRecords, decodeRecords, encodeRecords } from "./records.ts";

/**
 * A batch as it would arrive on another machine, its values frozen; strict mode passes every edge
 * through it.
 */
export function roundTripRecords(
  values: readonly unknown[],
  timestamps: readonly number[],
): DecodedRecords {
  const writer = new ByteWriter(1024);
  encodeRecords(values, timestamps, writer);
  const reader = new ByteReader(writer.view());
  const records = decodeRecords(reader);
  reader.expectEnd();
  for (const value of records.values) deepFreeze(value);
  return records;
}
