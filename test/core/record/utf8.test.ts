import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readUtf8, utf8Length, writeUtf8 } from "../../../core/record/utf8.ts";
import { anyText } from "./arbitrary-values.ts";

describe("UTF-8", () => {
  test("is what every other program writes for well-formed text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(Buffer.from(written(text)).equals(Buffer.from(text, "utf8"))).toBe(true);
      }),
    );
  });

  test("gives back every string, lone surrogates too", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bytes = written(text);
        expect(readUtf8(bytes, 0, bytes.length)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test.each([7, 8, 63, 64, 65, 127, 128, 4095, 4096, 4097, 20_000])(
    "keeps %i characters",
    (length) => {
      for (const part of ["a", "é", "😀", "a\ud800"]) {
        const text = part.repeat(length);
        const bytes = written(text);
        expect(bytes.length).toBe(utf8Length(text));
        expect(readUtf8(bytes, 0, bytes.length)).toBe(text);
      }
    },
  );
});

function written(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  expect(writeUtf8(text, bytes, 0)).toBe(bytes.length);
  return bytes;
}
