import { describe, expect, test } from "vitest";
import {
  ByteReader,
  ByteWriter,
  type Key,
  decodeColumn,
  decodeRecords,
  encodeColumn,
  encodeRecords,
  fromBytes,
  keyBytes,
  keyGroup,
  keyIdentity,
  murmur3,
  open,
  seal,
  toBytes,
} from "../../../core/record/index.ts";
import { NO_TIMESTAMP } from "../../../core/timestamp.ts";
import { FixtureFile } from "./fixture-file.ts";
import { sameValue } from "./same-value.ts";

const values: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["false", false],
  ["true", true],
  ["0", 0],
  ["127", 127],
  ["128", 128],
  ["-1", -1],
  ["-1000000", -1_000_000],
  ["2^53-1", Number.MAX_SAFE_INTEGER],
  ["-(2^53-1)", -Number.MAX_SAFE_INTEGER],
  ["2^53", 2 ** 53],
  ["1.5", 1.5],
  ["-0", -0],
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["0n", 0n],
  ["255n", 255n],
  ["-2^64", -(2n ** 64n)],
  ["10^40", 10n ** 40n],
  ["empty string", ""],
  ["ascii", "JFK"],
  ["two-byte", "Zürich"],
  ["surrogate pair", "a😀b"],
  ["lone surrogates", "\udc00x\ud800"],
  ["200 characters", "0123456789".repeat(20)],
  ["date", new Date(Date.UTC(2001, 0, 1))],
  ["date before 1970", new Date(-1)],
  ["invalid date", new Date(Number.NaN)],
  ["empty array", []],
  ["array", [1, "a", null, undefined, [2.5]]],
  ["empty object", {}],
  ["object", { origin: "JFK", delay: -3, gone: undefined, nested: { a: [1] } }],
  ["object without prototype", Object.assign(Object.create(null) as object, { a: 1 })],
  [
    "map",
    new Map<unknown, unknown>([
      ["a", 1],
      [2, new Map([[null, "x"]])],
    ]),
  ],
  ["set", new Set<unknown>([1, "1", 1n])],
  ["array buffer", new Uint8Array([1, 2, 3]).buffer],
  ["uint8", new Uint8Array([0, 255])],
  ["uint8 clamped", new Uint8ClampedArray([0, 255])],
  ["int8", new Int8Array([-128, 127])],
  ["uint16", new Uint16Array([1, 65_535])],
  ["int16", new Int16Array([-32_768, 2])],
  ["uint32", new Uint32Array([1, 4_294_967_295])],
  ["int32", new Int32Array([-1, 2])],
  ["float32", new Float32Array([1.5, -0])],
  ["float64", new Float64Array([0.1])],
  ["bigint64", new BigInt64Array([-1n, 2n])],
  ["biguint64", new BigUint64Array([2n ** 64n - 1n])],
];

const columns: readonly (readonly [string, unknown[]])[] = [
  ["empty", []],
  ["constant", ["x", "x", "x"]],
  ["integers", [5, -1000, 3, 70_000, -8]],
  ["deltas", [1_700_000_000_000, 1_700_000_000_020, 1_700_000_000_010]],
  ["doubles", [1.5, 2, -0]],
  ["strings", ["a", "bé", ""]],
  ["dictionary", ["JFK", "LAX", "JFK", "JFK"]],
  ["booleans", [true, false, true, true, false, false, false, false, true]],
  ["dates", [new Date(5), new Date(0)]],
  ["sparse", [1, null, 2, null, 300]],
  ["generic", [1, "a", { b: 2 }, undefined, null]],
  ["tuples", Array.from({ length: 8 }, (_, i) => [i * 3, 0.5, i === 2 ? "x" : null])],
];

const batches: readonly (readonly [string, unknown[], number[]])[] = [
  ["empty", [], []],
  [
    "flat",
    [
      { origin: "JFK", delay: 4 },
      { origin: "LAX", delay: -2 },
    ],
    [10, 20],
  ],
  ["mixed", [{ a: 1 }, { b: 2 }, 3], [NO_TIMESTAMP, NO_TIMESTAMP, NO_TIMESTAMP]],
];

const keys: readonly (readonly [string, Key])[] = [
  ['""', ""],
  ['"JFK"', "JFK"],
  ['"1"', "1"],
  ['"Zürich"', "Zürich"],
  ['"\\u0000"', "\0"],
  ['"\\ud800"', "\ud800"],
  ["0", 0],
  ["-0", -0],
  ["1", 1],
  ["-1", -1],
  ["1.5", 1.5],
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["2^53-1", Number.MAX_SAFE_INTEGER],
  ["0n", 0n],
  ["1n", 1n],
  ["-1n", -1n],
  ["2n**64n", 2n ** 64n],
  ["true", true],
  ["false", false],
  ["new Date(0)", new Date(0)],
  ["new Date(1700000000000)", new Date(1_700_000_000_000)],
  ["[]", []],
  ['["shop", 7]', ["shop", 7]],
  ['[["shop"], 7]', [["shop"], 7]],
  ['[7, "shop"]', [7, "shop"]],
];

describe("bytes of format 1", () => {
  const valueFile = new FixtureFile("v1/values.tsv");
  test.each(values)("of the value %s stay as they are", (name, value) => {
    const stored = valueFile.read(name, hex(toBytes(value)));
    expect(hex(toBytes(value))).toBe(stored);
    expect(sameValue(fromBytes(bytesOf(stored)), value)).toBe(true);
  });

  const columnFile = new FixtureFile("v1/columns.tsv");
  test.each(columns)("of the column %s stay as they are", (name, column) => {
    const made = written((writer) => encodeColumn(column, writer));
    const stored = columnFile.read(name, made);
    expect(made).toBe(stored);
    expect(sameValue(decodeColumn(new ByteReader(bytesOf(stored))), column)).toBe(true);
  });

  const batchFile = new FixtureFile("v1/batches.tsv");
  test.each(batches)("of the batch %s stay as they are", (name, records, timestamps) => {
    const made = written((writer) => encodeRecords(records, timestamps, writer));
    const stored = batchFile.read(name, made);
    expect(made).toBe(stored);
    expect(decodeRecords(new ByteReader(bytesOf(stored)))).toEqual({ values: records, timestamps });
  });

  const keyFile = new FixtureFile("v1/keys.tsv");
  test.each(keys)("and the hash of the key %s stay as they are", (name, key) => {
    const identity = keyIdentity(key);
    const bytes = keyBytes(identity);
    const hash = murmur3(bytes).toString(16).padStart(8, "0");
    const made = `${hex(bytes)}\t${hash}\t${keyGroup(identity, 128)}`;
    expect(made).toBe(keyFile.read(name, made));
  });

  const envelopeFile = new FixtureFile("v1/envelopes.tsv");
  test("of an envelope stay as they are", () => {
    const body = new Uint8Array([1, 2, 3]);
    const sealed = envelopeFile.read("envelope", hex(seal("metadata", 1, body)));
    expect(hex(seal("metadata", 1, body))).toBe(sealed);
    expect(open(bytesOf(sealed), "metadata", { versionMax: 1 })).toEqual({ version: 1, body });
  });

  test("have no fixture that no test reads", () => {
    expect(valueFile.names).toEqual(values.map((row) => row[0]));
    expect(columnFile.names).toEqual(columns.map((row) => row[0]));
    expect(batchFile.names).toEqual(batches.map((row) => row[0]));
    expect(keyFile.names).toEqual(keys.map((row) => row[0]));
    expect(envelopeFile.names).toEqual(["envelope"]);
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return hex(writer.toBytes());
}
