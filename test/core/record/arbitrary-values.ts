import fc from "fast-check";
import type { Key } from "../../../core/record/index.ts";

/** Any string of UTF-16 units, lone surrogates too, with plain ASCII ones often. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme-ascii", maxLength: 200 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
  fc.string({ unit: "binary", maxLength: 20 }),
);

const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -200, max: 200 }),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(-0, 2 ** 31, -(2 ** 31), 2 ** 30, -(2 ** 30) - 1, 2 ** 53, Number.MAX_VALUE),
);

const anyBigint: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -300n, max: 300n }),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
);

const fieldName: fc.Arbitrary<string> = anyText.filter((name) => name !== "__proto__");

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, null, true, false),
  anyNumber,
  anyBigint,
  anyText,
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int8Array(),
  fc.uint16Array(),
  fc.int16Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  fc.uint8Array().map((bytes) => bytes.slice().buffer),
);

/** Any value that the codec keeps. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(fieldName, tie("value"), { maxKeys: 6, noNullPrototype: false }),
    fc
      .array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 })
      .map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
  ),
})).value;

/** Columns of one kind, with and without gaps, and mixed ones. */
export const anyColumn: fc.Arbitrary<unknown[]> = fc.oneof(
  ...[
    fc.integer({ min: -70, max: 70 }),
    fc.maxSafeInteger(),
    fc.integer({ min: 1_700_000_000_000, max: 1_700_000_001_000 }),
    anyNumber,
    anyText,
    fc.constantFrom("JFK", "LAX", "SFO", "ORD"),
    fc.boolean(),
    fc.date({ noInvalidDate: true }),
    anyBigint,
  ].flatMap((one: fc.Arbitrary<unknown>) => [
    fc.array(one, { maxLength: 60 }),
    fc.array(fc.oneof(one, fc.constant(null)), { maxLength: 60 }),
    fc.array(fc.oneof(one, fc.constant(undefined)), { maxLength: 60 }),
    fc.tuple(one, fc.nat(40)).map(([value, count]) => new Array<unknown>(count).fill(value)),
  ]),
  fc.array(anyValue, { maxLength: 20 }),
  fc.array(fc.tuple(fc.oneof(anyNumber, fc.constant(undefined)), anyValue), { maxLength: 20 }),
  fc.array(fc.array(fc.integer(), { maxLength: 2 }), { maxLength: 20 }),
);

/** Keys from a small world, so that two of them are often equal. */
export const anyKey: fc.Arbitrary<Key> = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom<Key>(
      "",
      "a",
      "\0",
      "\0a",
      "\0s1:a",
      "1",
      "1;",
      "n1;",
      ")",
      "(",
      "true",
      "\ud800",
      "é",
    ),
    fc.constantFrom<Key>(0, -0, 1, 1.5, -1, Number.NaN, Infinity, 2 ** 53),
    fc.constantFrom<Key>(0n, 1n, -1n, 2n ** 70n, true, false),
    fc.integer({ min: -1, max: 1 }).map((ms): Key => new Date(ms)),
    fc.array(tie("key"), { maxLength: 3 }),
  ),
})).key;
