const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/**
 * MurmurHash3, 32-bit x86 variant, of `bytes[0..length)` as an unsigned number.
 *
 * @example murmur3(new Uint8Array([0x74, 0x65, 0x73, 0x74])) // 0xba6bd213: "test"
 */
export function murmur3(bytes: Uint8Array, seed = 0, length: number = bytes.length): number {
  const blocks = length & ~3;
  let hash = seed;
  for (let i = 0; i < blocks; i += 4) {
    hash ^= mixBlock(
      (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24),
    );
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = length - 1; i >= blocks; i--) tail = (tail << 8) | (bytes[i] as number);
  if (length > blocks) hash ^= mixBlock(tail);
  return finish(hash ^ length);
}

function mixBlock(block: number): number {
  const mixed = Math.imul(block, C1);
  return Math.imul((mixed << 15) | (mixed >>> 17), C2);
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
