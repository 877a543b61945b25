import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, LimitError, MillraceError } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import {
  ByteReader,
  ByteWriter,
  encodeValue,
  fromBytes,
  roundTrip,
  toBytes,
} from "../../../core/record/index.ts";
import { tags } from "../../../core/record/value-tags.ts";
import { anyValue } from "./arbitrary-values.ts";
import { errorOf } from "./error-of.ts";
import { sameValue } from "./same-value.ts";

class Address {
  readonly street = "Mill Lane";
}

describe("the value codec", () => {
  test("gives back every value it takes, field order included", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = toBytes(value);
        const copy = fromBytes(bytes);
        expect(sameValue(copy, value)).toBe(true);
        expect(toBytes(copy)).toEqual(bytes);
        expect(sameValue(roundTrip(value), value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps undefined fields, -0, NaN and the lack of a prototype", () => {
    const bare = Object.assign(Object.create(null) as object, { a: -0 });
    const copy = roundTrip({ gone: undefined, bare, nan: Number.NaN });
    expect(Object.keys(copy)).toEqual(["gone", "bare", "nan"]);
    expect(Object.getPrototypeOf(copy.bare)).toBeNull();
    expect(copy.bare.a).toBe(-0);
    expect(copy.nan).toBeNaN();
  });

  test("copies typed arrays out of the buffer they share", () => {
    const part = new Uint16Array([1, 2, 3, 4]).subarray(1, 3);
    const copy = roundTrip(part);
    expect(copy).toEqual(new Uint16Array([2, 3]));
    expect(copy.buffer.byteLength).toBe(4);
  });

  test("a getter may encode values of its own", () => {
    const outer = {
      before: 1,
      get inner() {
        return toBytes({ deep: [1, 2, 3] });
      },
      after: 2,
    };
    expect(roundTrip(outer)).toEqual({ before: 1, inner: toBytes({ deep: [1, 2, 3] }), after: 2 });
  });

  test.each<[string, unknown, string, string]>([
    [
      "a class instance",
      { customer: { address: new Address() } },
      "VALUE_CLASS",
      "value.customer.address: class instance Address",
    ],
    [
      "a class derived from Map",
      [new (class Prices extends Map {})()],
      "VALUE_CLASS",
      "value[0]: class instance Prices",
    ],
    [
      "a class derived from Array",
      { a: new (class Rows extends Array {})() },
      "VALUE_CLASS",
      "value.a: class instance Rows",
    ],
    ["a Buffer", { body: Buffer.from("x") }, "VALUE_CLASS", "value.body: class instance Buffer"],
    ["an error", [[new TypeError("no")]], "VALUE_CLASS", "value[0][0]: class instance TypeError"],
    ["a promise", { a: 1, b: Promise.resolve() }, "VALUE_CLASS", "value.b: class instance Promise"],
    [
      "a function",
      { "on-click": errorOf },
      "VALUE_UNSUPPORTED",
      'value["on-click"]: function errorOf',
    ],
    [
      "a symbol",
      new Map([
        ["a", 1],
        ["b", Symbol("s") as never],
      ]),
      "VALUE_UNSUPPORTED",
      "value map value 1: Symbol(s)",
    ],
    [
      "a function as Map key",
      new Map([[errorOf, 1]]),
      "VALUE_UNSUPPORTED",
      "value map key 0: function errorOf",
    ],
    [
      "a function in a Set",
      new Set([1, errorOf]),
      "VALUE_UNSUPPORTED",
      "value set item 1: function errorOf",
    ],
    // oxlint-disable-next-line no-sparse-arrays -- the hole is what is tested
    ["a hole", { list: [1, , 3] }, "VALUE_HOLE", "value.list[1]: hole"],
    [
      "a field __proto__",
      JSON.parse('{"a":{"__proto__":1}}'),
      "VALUE_PROTO_FIELD",
      'value.a: field "__proto__"',
    ],
  ])("refuses %s and names the place", (_name, value, code, message) => {
    const error = errorOf(() => toBytes(value));
    expect(error).toBeInstanceOf(DataError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint).not.toBeNull();
  });

  test("refuses a value that contains itself, and depth beyond the limit", () => {
    const own: Record<string, unknown> = {};
    own["self"] = own;
    expect(errorOf(() => toBytes(own))).toMatchObject({ code: "VALUE_TOO_DEEP" });
    expect(roundTrip(nested(limits.valueDepthMax))).toEqual(nested(limits.valueDepthMax));
    const error = errorOf(() => toBytes(nested(limits.valueDepthMax + 1)));
    expect(error).toBeInstanceOf(LimitError);
  });

  test("refuses a bigint beyond its limit", () => {
    const large = 1n << BigInt(limits.bigintBytesMax * 8);
    expect(errorOf(() => toBytes(large))).toMatchObject({ code: "RECORD_TOO_LARGE" });
    expect(roundTrip(large - 1n)).toBe(large - 1n);
  });
});

describe("bytes that no value was written as", () => {
  test("every prefix of a value is refused", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = toBytes(value);
        for (let end = 0; end < Math.min(bytes.length, 300); end++) {
          expect(errorOf(() => fromBytes(bytes.subarray(0, end)))).toBeInstanceOf(MillraceError);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("a byte behind a value is refused", () => {
    expect(errorOf(() => fromBytes(new Uint8Array([tags.null, 0])))).toMatchObject({
      code: "RECORD_TRAILING",
    });
  });

  test("a changed byte gives a value or a worded error, never a crash", () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const bytes = toBytes(value);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] as number) ^ change;
        valueOrError(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test("random bytes give a value or a worded error, never a crash", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), valueOrError), { numRuns: 2000 });
  });

  test.each<[string, number[], string]>([
    ["an unknown tag", [0x7f], "RECORD_TAG"],
    ["an array longer than the bytes", [tags.array, 0xff, 0xff, 0x03], "RECORD_TRUNCATED"],
    ["an array over the limit", [tags.array, 0xff, 0xff, 0xff, 0x7f], "RECORD_TOO_LARGE"],
    ["a Map longer than the bytes", [tags.map, 0x03, 0x80, 0x81, 0x82], "RECORD_TRUNCATED"],
    ["a string over the limit", [tags.string, 0xff, 0xff, 0xff, 0xff, 0x7f], "RECORD_TOO_LARGE"],
    ["a string longer than the bytes", [tags.string, 0xff, 0xff, 0x03, 0x61], "RECORD_TRUNCATED"],
    ["bytes longer than the bytes", [tags.uint8Array, 0xff, 0xff, 0x03], "RECORD_TRUNCATED"],
    ["half an element", [tags.uint16Array, 0x03, 1, 2, 3], "RECORD_TYPED_ARRAY"],
    ["a bigint over the limit", [tags.bigint, 0xff, 0xff, 0xff, 0x7f], "RECORD_TOO_LARGE"],
    [
      "an integer beyond 2^53",
      [tags.integer, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      "RECORD_INTEGER",
    ],
    ["an endless integer", [tags.integer, ...new Array<number>(9).fill(0x80), 0], "RECORD_INTEGER"],
    ["text that is not UTF-8", [tags.string, 0x01, 0xff], "RECORD_UTF8"],
    ["an overlong sequence", [tags.string, 0x02, 0xc0, 0x80], "RECORD_UTF8"],
    ["three bytes for one of ASCII", [tags.string, 0x03, 0xe0, 0x81, 0x81], "RECORD_UTF8"],
    ["a code point beyond the last", [tags.string, 0x04, 0xf4, 0x90, 0x80, 0x80], "RECORD_UTF8"],
    ["a cut sequence", [tags.string, 0x02, 0xe2, 0x82], "RECORD_UTF8"],
  ])("refuses %s", (_name, bytes, code) => {
    expect(errorOf(() => fromBytes(new Uint8Array(bytes))).code).toBe(code);
  });

  test("compares a count with the bytes left before anything is read or made", () => {
    const map = new Uint8Array([tags.map, 0xff, 0xff, 0x03, 0x80, 0x80]);
    expect(errorOf(() => fromBytes(map)).message).toContain("131070 needed at offset 4, 2 left");
  });

  test("refuses a field __proto__ and leaves the prototype alone", () => {
    const writer = new ByteWriter();
    writer.writeByte(tags.object);
    writer.writeVarint(1);
    writer.writeString("__proto__");
    encodeValue({ polluted: true }, writer);
    expect(errorOf(() => fromBytes(writer.toBytes())).code).toBe("RECORD_PROTO_FIELD");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("refuses depth beyond the limit before the stack ends", () => {
    const bytes = new Uint8Array(200_000);
    for (let i = 0; i < bytes.length; i += 2) bytes.set([tags.array, 1], i);
    expect(errorOf(() => fromBytes(bytes)).code).toBe("RECORD_TOO_DEEP");
  });
});

describe("varints and zigzags", () => {
  test("keep every safe integer, the ends of each width too", () => {
    const edges = Array.from({ length: 53 }, (_, bit) => 2 ** bit).flatMap((n) => [
      n - 1,
      n,
      -n,
      -n - 1,
    ]);
    const writer = new ByteWriter();
    const signed = [...edges, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER];
    for (const value of signed) writer.writeZigzag(value);
    for (const value of signed) writer.writeVarint(Math.abs(value));
    const reader = new ByteReader(writer.toBytes());
    for (const value of signed) expect(reader.readZigzag()).toBe(value);
    for (const value of signed) expect(reader.readVarint()).toBe(Math.abs(value));
    reader.expectEnd();
  });
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

function valueOrError(bytes: Uint8Array): void {
  try {
    fromBytes(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
  }
}
