import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MillraceError } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import {
  ByteReader,
  ByteWriter,
  decodeColumn,
  decodeRecords,
  encodeColumn,
  encodeRecords,
  roundTripRecords,
} from "../../../core/record/index.ts";
import { columnKinds } from "../../../core/record/column-kinds.ts";
import { NO_TIMESTAMP } from "../../../core/timestamp.ts";
import { anyColumn, anyValue } from "./arbitrary-values.ts";
import { errorOf } from "./error-of.ts";
import { sameValue } from "./same-value.ts";

const timestamp = fc.oneof(fc.constant(NO_TIMESTAMP), fc.maxSafeInteger(), fc.nat(1000));

describe("a column", () => {
  test("gives back every value in its place", () => {
    fc.assert(
      fc.property(anyColumn, (values) => {
        const bytes = columnBytes(values);
        const reader = new ByteReader(bytes);
        expect(sameValue(decodeColumn(reader), values)).toBe(true);
        reader.expectEnd();
      }),
      { numRuns: 1000 },
    );
  });

  test("of a part is the column of the slice", () => {
    fc.assert(
      fc.property(anyColumn, fc.nat(), fc.nat(), (values, a, b) => {
        const ends = [a % (values.length + 1), b % (values.length + 1)].sort((x, y) => x - y);
        const [from = 0, to = 0] = ends;
        const writer = new ByteWriter();
        encodeColumn(values, writer, from, to);
        expect(writer.toBytes()).toEqual(columnBytes(values.slice(from, to)));
      }),
    );
  });

  test.each<[string, unknown[], keyof typeof columnKinds, number]>([
    ["one value", new Array<unknown>(1000).fill("JFK"), "constant", 8],
    ["small integers", range(1000, (i) => (i * 7919) % 50), "integers", 1003],
    ["rising instants", range(1000, (i) => 1_700_000_000_000 + i * 20), "deltas", 1008],
    ["doubles", range(1000, (i) => i / 7), "doubles", 8003],
    ["different strings", range(1000, (i) => `k${i}`), "strings", 4893],
    ["strings that repeat", range(1000, (i) => `airport-${(i * i) % 97}`), "dictionary", 1535],
    ["booleans", range(1000, (i) => i % 3 === 0), "booleans", 128],
    ["dates", range(1000, (i) => new Date(i * 60)), "dates", 1004],
    ["integers and null", range(1000, (i) => (i % 5 === 0 ? null : i % 40)), "sparse", 930],
    [
      "doubles and undefined",
      range(1000, (i) => (i % 2 === 0 ? undefined : i / 3)),
      "sparse",
      4130,
    ],
    ["null and undefined", range(1000, (i) => (i % 2 === 0 ? undefined : null)), "generic", 1003],
    ["integers and strings", range(1000, (i) => (i % 2 === 0 ? i : "x")), "generic", 3813],
    ["arrays of one length", range(1000, (i) => [1, i % 50, `k${i % 3}`]), "tuples", 2025],
    ["arrays of arrays", range(200, (i) => [i % 60, [i % 60]]), "tuples", 1008],
    ["arrays of two lengths", range(1000, (i) => (i === 9 ? [1] : [1, 2])), "generic", 4003],
  ])("of %s takes its own form", (_name, values, kind, bytesMax) => {
    const bytes = columnBytes(values);
    expect(bytes[2]).toBe(columnKinds[kind]);
    expect(bytes.length).toBeLessThanOrEqual(bytesMax);
    expect(decodeColumn(new ByteReader(bytes))).toEqual(values);
  });

  test("of integers far apart does not overflow its differences", () => {
    const values = [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 0, NO_TIMESTAMP, 5];
    expect(decodeColumn(new ByteReader(columnBytes(values)))).toEqual(values);
  });

  test("keeps more strings than one byte can number", () => {
    const values = range(3000, (i) => `s${i % 700}`);
    const bytes = columnBytes(values);
    expect(bytes[2]).toBe(columnKinds.dictionary);
    expect(decodeColumn(new ByteReader(bytes))).toEqual(values);
  });

  test("tells -0 from 0", () => {
    for (const values of [
      [0, -0, 0],
      [-0, 0],
      [-0, -0],
      [1, -0],
    ]) {
      expect(sameValue(decodeColumn(new ByteReader(columnBytes(values))), values)).toBe(true);
    }
  });

  test("whose dictionary lacks a string is refused", () => {
    const writer = new ByteWriter();
    writer.writeVarint(1);
    writer.writeByte(columnKinds.dictionary);
    writer.writeVarint(1);
    writer.writeString("JFK");
    writer.writeByte(1);
    expect(errorOf(() => decodeColumn(new ByteReader(writer.toBytes()))).code).toBe(
      "RECORD_DICTIONARY",
    );
  });

  test("of arrays in which one has a hole is refused, and names the place", () => {
    const values: unknown[] = range(9, () => [1, 2]);
    values[4] = Object.assign(new Array<unknown>(2), [1]);
    expect(() => columnBytes(values)).toThrow("value[1]");
    const nested = range(9, (i) => [1, { bad: i === 5 ? new Error("no") : 1 }]);
    expect(() => columnBytes(nested)).toThrow("value[1].bad");
  });

  test("of arrays within arrays of a column is refused when it claims to nest", () => {
    const writer = new ByteWriter();
    writer.writeVarint(8);
    for (let depth = 0; depth < 2; depth += 1) {
      writer.writeByte(columnKinds.tuples);
      writer.writeByte(1);
    }
    expect(errorOf(() => decodeColumn(new ByteReader(writer.toBytes()))).code).toBe("RECORD_TAG");
    const empty = new Uint8Array([8, columnKinds.tuples, 0]);
    expect(errorOf(() => decodeColumn(new ByteReader(empty))).code).toBe("RECORD_TUPLES");
  });

  test("that claims more values than allowed or there is refused", () => {
    const bytes = columnBytes(new Array<unknown>(11).fill(1));
    expect(errorOf(() => decodeColumn(new ByteReader(bytes), 10)).code).toBe("RECORD_TOO_LARGE");
    for (const kind of [
      "integers",
      "deltas",
      "doubles",
      "strings",
      "booleans",
      "generic",
      "dates",
    ] as const) {
      const writer = new ByteWriter();
      writer.writeVarint(limits.valueEntriesMax);
      writer.writeByte(columnKinds[kind]);
      if (kind === "dates") writer.writeByte(columnKinds.deltas);
      expect(errorOf(() => decodeColumn(new ByteReader(writer.toBytes()))).code).toBe(
        "RECORD_TRUNCATED",
      );
    }
  });
});

describe("a batch of records", () => {
  test("comes back with its timestamps, whatever the records are", () => {
    const batch = fc.array(fc.tuple(anyValue, timestamp), { maxLength: 20 });
    fc.assert(
      fc.property(batch, (rows) => {
        const values = rows.map((row) => row[0]);
        const timestamps = rows.map((row) => row[1]);
        expect(sameValue(roundTripRecords(values, timestamps), { values, timestamps })).toBe(true);
      }),
    );
  });

  test("of one flat shape keeps fields, their order and undefined", () => {
    const row = fc.record({
      origin: fc.constantFrom("JFK", "LAX"),
      delay: fc.integer(),
      share: fc.double(),
      note: fc.option(fc.string(), { nil: undefined }),
      at: fc.date({ noInvalidDate: true }),
      nested: anyValue,
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 50 }), (values) => {
        const copy = roundTripRecords(
          values,
          values.map((_, i) => i),
        ).values;
        expect(sameValue(copy, values)).toBe(true);
        expect(Object.keys(copy[0] as object)).toEqual(Object.keys(values[0] as object));
      }),
    );
  });

  test("is written by field only when all records have the same fields in the same order", () => {
    const flat = range(100, (i) => ({ a: i, b: "x" }));
    expect(recordBytes(flat).length).toBeLessThan(230);
    const mixed = [...flat.slice(0, 99), { b: "x", a: 99 }];
    expect(recordBytes(mixed).length).toBeGreaterThan(500);
    expect(
      Object.keys(
        roundTripRecords(
          mixed,
          mixed.map(() => 0),
        ).values[99] as object,
      ),
    ).toEqual(["b", "a"]);
  });

  test.each<[string, unknown[]]>([
    ["no records", []],
    ["records without fields", [{}, {}]],
    ["records with a missing field", [{ a: 1, b: 2 }, { a: 1 }]],
    ["records with a field more", [{ a: 1 }, { a: 1, b: 2 }]],
    ["records without prototype", [Object.assign(Object.create(null) as object, { a: 1 })]],
    ["a null among records", [{ a: 1 }, null]],
    ["plain numbers", [1, 2, 3]],
    ["arrays", [[1], [2]]],
  ])("of %s comes back", (_name, values) => {
    const copy = roundTripRecords(
      values,
      values.map(() => NO_TIMESTAMP),
    );
    expect(sameValue(copy.values, values)).toBe(true);
    expect(copy.timestamps).toEqual(values.map(() => NO_TIMESTAMP));
  });

  test("names the field that cannot be kept", () => {
    const error = errorOf(() => roundTripRecords([{ a: 1, on: errorOf }], [0]));
    expect(error.message).toContain("value.on: function errorOf");
    const proto: unknown = JSON.parse('{"__proto__": 1}');
    expect(errorOf(() => roundTripRecords([proto, proto], [0, 0])).code).toBe("VALUE_PROTO_FIELD");
  });

  test("refuses a field __proto__ in bytes", () => {
    const writer = new ByteWriter();
    encodeColumn([0], writer);
    writer.writeByte(1);
    writer.writeVarint(1);
    writer.writeString("__proto__");
    encodeColumn([{ polluted: true }], writer);
    expect(errorOf(() => decodeRecords(new ByteReader(writer.toBytes()))).code).toBe(
      "RECORD_PROTO_FIELD",
    );
  });

  test("refuses columns of unequal length and timestamps that are no integers", () => {
    const unequal = new ByteWriter();
    encodeColumn([0, 1, 2], unequal);
    unequal.writeByte(0);
    encodeColumn(["a", "b"], unequal);
    expect(errorOf(() => decodeRecords(new ByteReader(unequal.toBytes()))).code).toBe(
      "RECORD_BATCH",
    );
    const fraction = new ByteWriter();
    encodeColumn([1.5], fraction);
    expect(errorOf(() => decodeRecords(new ByteReader(fraction.toBytes()))).code).toBe(
      "RECORD_BATCH",
    );
  });

  test("every prefix is refused, a changed byte gives records or a worded error", () => {
    const values = range(20, (i) => ({
      a: i,
      b: `x${i % 3}`,
      c: i % 4 === 0 ? null : i / 3,
      d: new Date(i),
      e: [i],
    }));
    const bytes = recordBytes(values);
    for (let end = 0; end < bytes.length; end++) {
      expect(errorOf(() => decodeRecords(new ByteReader(bytes, 0, end)))).toBeInstanceOf(
        MillraceError,
      );
    }
    for (let i = 0; i < bytes.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = bytes.slice();
        damaged[i] = (damaged[i] as number) ^ (1 << bit);
        recordsOrError(damaged);
      }
    }
  });

  test("random bytes give records or a worded error, never a crash", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), recordsOrError), { numRuns: 2000 });
  });
});

function range<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

function columnBytes(values: readonly unknown[]): Uint8Array {
  const writer = new ByteWriter();
  encodeColumn(values, writer);
  return writer.toBytes();
}

function recordBytes(values: readonly unknown[]): Uint8Array {
  const writer = new ByteWriter();
  encodeRecords(
    values,
    values.map((_, i) => i),
    writer,
  );
  return writer.toBytes();
}

function recordsOrError(bytes: Uint8Array): void {
  try {
    decodeRecords(new ByteReader(bytes), 1000);
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
  }
}
