/** How a column is written, format 1. Persisted: a number never changes its meaning. */
export const columnKinds = {
  /** one value for all */
  constant: 1,
  /** zigzag each */
  integers: 2,
  /** zigzag of the first, then of each difference */
  deltas: 3,
  /** eight bytes each */
  doubles: 4,
  /** a string each */
  strings: 5,
  /** varint count, strings, then an index each (one byte up to 256 strings, else two) */
  dictionary: 6,
  /** one bit each, lowest first */
  booleans: 7,
  /** a column of milliseconds */
  dates: 8,
  /** a value (null or undefined), one bit each (1: present), then a column of those present */
  sparse: 9,
  /** an encoded value each */
  generic: 10,
  /** arrays of one length: a byte with it, then a column for each place (none of them of tuples) */
  tuples: 11,
} as const;
