export { ByteReader } from "./byte-reader.ts";
export { ByteWriter } from "./byte-writer.ts";
export { decodeValue, encodeValue, fromBytes, toBytes } from "./codec.ts";
export { decodeColumn, encodeColumn } from "./column.ts";
export { deepFreeze } from "./deep-freeze.ts";
export type {
  BarrierElement,
  EndOfInputElement,
  RecordBatch,
  StatusElement,
  StreamElement,
  WatermarkElement,
} from "./element.ts";
export { keyBytes, writeKeyBytes } from "./key-bytes.ts";
export { defaultMaxParallelism, keyGroup, keyGroupRange, subtaskOfKeyGroup } from "./key-group.ts";
export { type Key, type KeyIdentity, keyFromIdentity, keyIdentity } from "./key.ts";
export { murmur3 } from "./murmur3.ts";
export { type DecodedRecords, decodeRecords, encodeRecords } from "./records.ts";
export { roundTrip, roundTripRecords } from "./round-trip.ts";
