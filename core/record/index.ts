export { ByteReader } from "./byte-reader.ts";
export { ByteWriter } from "./byte-writer.ts";
export {
  decodeFirstItems,
  decodeValue,
  encodeValue,
  fromBytes,
  keepScratch,
  roundTrip,
  takeScratch,
  toBytes,
} from "./codec.ts";
export { decodeColumn, encodeColumn } from "./column.ts";
export { crc32c } from "./crc32c.ts";
export { deepFreeze } from "./deep-freeze.ts";
export type {
  BarrierElement,
  EndOfInputElement,
  RecordBatch,
  StatusElement,
  StreamElement,
  WatermarkElement,
} from "./element.ts";
export {
  type EnvelopeKind,
  type OpenOptions,
  type OpenedEnvelope,
  beginEnvelope,
  endEnvelope,
  open,
  seal,
} from "./envelope.ts";
export { keyBytes, writeKeyBytes } from "./key-bytes.ts";
export {
  defaultMaxParallelism,
  keyGroup,
  keyGroupOf,
  keyGroupRange,
  subtaskOfKeyGroup,
} from "./key-group.ts";
export { type Key, type KeyIdentity, keyFromIdentity, keyIdentity } from "./key.ts";
export { murmur3 } from "./murmur3.ts";
export { type DecodedRecords, decodeRecords, encodeRecords } from "./records.ts";
export { roundTripRecords } from "./round-trip-records.ts";
