import { limits } from "../limits.ts";
import { ByteWriter } from "./byte-writer.ts";
import { writeKey, writeKeyBytes } from "./key-bytes.ts";
import type { Key, KeyIdentity } from "./key.ts";
import { murmur3 } from "./murmur3.ts";

const scratch = new ByteWriter(256);

/**
 * The key group of a key, 0 to `maxParallelism` - 1: the unsigned murmur3 of its canonical bytes,
 * modulo `maxParallelism`. Which subtask has the group: `subtaskOfKeyGroup`.
 */
export function keyGroup(identity: KeyIdentity, maxParallelism: number): number {
  scratch.reset();
  writeKeyBytes(identity, scratch);
  return murmur3(scratch.room, 0, scratch.length) % maxParallelism;
}

/**
 * `keyGroup` of a key itself: several times as fast for a composite key, which needs no identity then.
 * Anything that is no key is a DataError, as in `keyIdentity`.
 */
export function keyGroupOf(key: Key, maxParallelism: number): number {
  scratch.reset();
  writeKey(key, scratch);
  return murmur3(scratch.room, 0, scratch.length) % maxParallelism;
}

/** The key groups of a subtask, both ends included; every group has exactly one subtask. */
export function keyGroupRange(
  subtask: number,
  parallelism: number,
  maxParallelism: number,
): { first: number; last: number } {
  return {
    first: Math.floor((subtask * maxParallelism + parallelism - 1) / parallelism),
    last: Math.floor(((subtask + 1) * maxParallelism - 1) / parallelism),
  };
}

/** The subtask that has a key group. */
export function subtaskOfKeyGroup(
  group: number,
  parallelism: number,
  maxParallelism: number,
): number {
  return Math.floor((group * parallelism) / maxParallelism);
}

/** Room to grow by half, as a power of two from 128 to 32,768: Flink's default. */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = Math.floor(1.5 * parallelism);
  let power = 128;
  while (power < wanted && power < limits.maxParallelismMax) power *= 2;
  return power;
}
