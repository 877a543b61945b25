/**
 * CRC-32C (Castagnoli), as iSCSI and S3 use it. It finds every error burst of up to 32 bits, so any
 * flipped byte. Eight bytes a step by eight tables.
 */
const POLYNOMIAL = 0x82f63b78;

const tables: Int32Array = makeTables();

/**
 * The checksum of `bytes[from..to)` as an unsigned number.
 *
 * @example crc32c(bytesOf("123456789")) // 0xe3069283
 */
export function crc32c(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  const t = tables;
  let crc = -1;
  let i = from;
  for (; i + 8 <= to; i += 8) {
    crc ^= word(bytes, i);
    const next = word(bytes, i + 4);
    crc =
      (t[1792 + (crc & 0xff)] as number) ^
      (t[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (t[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (t[1024 + (crc >>> 24)] as number) ^
      (t[768 + (next & 0xff)] as number) ^
      (t[512 + ((next >>> 8) & 0xff)] as number) ^
      (t[256 + ((next >>> 16) & 0xff)] as number) ^
      (t[next >>> 24] as number);
  }
  for (; i < to; i++) crc = (t[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Table k at 256 k: the checksum of a byte with k zero bytes behind it. */
function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256] as number;
    made[i] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}
