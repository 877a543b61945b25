/**
 * The first byte of every encoded value, format 1. Persisted (L6): a tag never changes its meaning,
 * new ones take free numbers. 0x80 and above are the integers 0 to 127 themselves.
 */
export const tags = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  /** varint */
  integer: 0x04,
  /** varint of -1 - value */
  negativeInteger: 0x05,
  /** IEEE 754, little-endian */
  double: 0x06,
  /** varint length, magnitude little-endian without leading zeros */
  bigint: 0x07,
  negativeBigint: 0x08,
  /** varint length in bytes, UTF-8 */
  string: 0x09,
  /** zigzag milliseconds */
  date: 0x0a,
  invalidDate: 0x0b,
  /** varint count, values */
  array: 0x0c,
  /** varint count, then key (string without tag) and value of each field */
  object: 0x0d,
  nullPrototypeObject: 0x0e,
  /** varint count, key and value of each entry */
  map: 0x0f,
  set: 0x10,
  /** varint length in bytes, bytes; the typed arrays likewise, elements little-endian */
  arrayBuffer: 0x11,
  uint8Array: 0x12,
  uint8ClampedArray: 0x13,
  int8Array: 0x14,
  uint16Array: 0x15,
  int16Array: 0x16,
  uint32Array: 0x17,
  int32Array: 0x18,
  float32Array: 0x19,
  float64Array: 0x1a,
  bigInt64Array: 0x1b,
  bigUint64Array: 0x1c,
  smallInteger: 0x80,
} as const;
