import { expect, test } from "vitest";
import { reverseElements } from "../../../core/record/typed-arrays.ts";

test("elements of a typed array are turned round for a big-endian host", () => {
  const bytes = new Uint8Array(new Uint16Array([0x0102, 0x0304]).buffer);
  expect(new Uint16Array(reverseElements(bytes, 2).buffer)).toEqual(
    new Uint16Array([0x0201, 0x0403]),
  );
  expect(reverseElements(bytes, 1)).toEqual(bytes);
});
