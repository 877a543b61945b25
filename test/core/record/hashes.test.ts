import { describe, expect, test } from "vitest";
import { crc32c, murmur3 } from "../../../core/record/index.ts";

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

describe("murmur3", () => {
  test.each<[string, Uint8Array, number, number]>([
    ["nothing", text(""), 0, 0],
    ["nothing, seed 1", text(""), 1, 0x514e28b7],
    ["nothing, seed 2^32 - 1", text(""), 0xffffffff, 0x81f16f39],
    ["four zero bytes", new Uint8Array(4), 0, 0x2362f9de],
    ["four full bytes", new Uint8Array(4).fill(0xff), 0, 0x76293b50],
    ["4 bytes", new Uint8Array([0x21, 0x43, 0x65, 0x87]), 0, 0xf55b516b],
    ["3 bytes", new Uint8Array([0x21, 0x43, 0x65]), 0, 0x7e4a8634],
    ["2 bytes", new Uint8Array([0x21, 0x43]), 0, 0xa0f7b07a],
    ["1 byte", new Uint8Array([0x21]), 0, 0x72661cf4],
    ["test", text("test"), 0, 0xba6bd213],
    ["Hello, world!", text("Hello, world!"), 1234, 0xfaf6cdb3],
    ["a sentence", text("The quick brown fox jumps over the lazy dog"), 0x9747b28c, 0x2fa826cd],
  ])("of %s is as published", (_name, bytes, seed, hash) => {
    expect(murmur3(bytes, seed)).toBe(hash);
  });

  test("reads only the bytes it is told to", () => {
    expect(murmur3(text("test and more"), 0, 4)).toBe(0xba6bd213);
  });
});

describe("crc32c", () => {
  test.each<[string, Uint8Array, number]>([
    ["nothing", text(""), 0],
    ["123456789", text("123456789"), 0xe3069283],
    ["32 zero bytes", new Uint8Array(32), 0x8a9136aa],
    ["32 full bytes", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["0 to 31", new Uint8Array(32).map((_, i) => i), 0x46dd794e],
    ["31 to 0", new Uint8Array(32).map((_, i) => 31 - i), 0x113fdb5c],
  ])("of %s is as published", (_name, bytes, checksum) => {
    expect(crc32c(bytes)).toBe(checksum);
    const within = new Uint8Array(bytes.length + 5).fill(7);
    within.set(bytes, 3);
    expect(crc32c(within, 3, 3 + bytes.length)).toBe(checksum);
  });
});
