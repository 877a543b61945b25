import { LimitError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** Writes a bigint that is not negative: varint length, little-endian bytes without leading zeros. */
export function writeMagnitude(value: bigint, writer: ByteWriter): void {
  const hex = value === 0n ? "" : value.toString(16);
  const length = (hex.length + 1) >> 1;
  checkBigint(length);
  writer.writeVarint(length);
  for (let end = hex.length; end > 0; end -= 2) {
    writer.writeByte(Number.parseInt(hex.slice(Math.max(0, end - 2), end), 16));
  }
}

export function readMagnitude(reader: ByteReader): bigint {
  const length = reader.readVarint();
  checkBigint(length);
  const bytes = reader.readView(length);
  if (length === 0) return 0n;
  let hex = "0x";
  for (let i = length - 1; i >= 0; i--) {
    hex += (bytes[i] as number).toString(16).padStart(2, "0");
  }
  return BigInt(hex);
}

function checkBigint(length: number): void {
  if (length <= limits.bigintBytesMax) return;
  throw new LimitError(
    `a bigint has ${length} bytes, the limit bigintBytesMax is ${limits.bigintBytesMax}`,
    {
      code: "RECORD_TOO_LARGE",
      hint: "keep such numbers as a string or a byte array",
    },
  );
}
