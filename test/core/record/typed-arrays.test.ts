import { expect, test } from "vitest";
import { fromBytes, toBytes } from "../../../core/record/index.ts";
import { reverseElements } from "../../../core/record/typed-arrays.ts";

test("elements of a typed array are turned round for a big-endian host", () => {
  const bytes = new Uint8Array(new Uint16Array([0x0102, 0x0304]).buffer);
  expect(new Uint16Array(reverseElements(bytes, 2).buffer)).toEqual(
    new Uint16Array([0x0201, 0x0403]),
  );
  expect(reverseElements(bytes, 1)).toEqual(bytes);
});

test("a value decoded from Node's Buffer has bytes of its own", () => {
  const file = Buffer.from(toBytes([new Uint32Array([1, 2]), new Uint8Array([3])]));
  const decoded = fromBytes(file) as readonly [Uint32Array, Uint8Array];
  file.fill(0);
  expect(decoded).toEqual([new Uint32Array([1, 2]), new Uint8Array([3])]);
});
