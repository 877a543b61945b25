import { describe, expect, test } from "vitest";
import {
  defaultMaxParallelism,
  keyBytes,
  keyGroup,
  keyGroupOf,
  keyGroupRange,
  keyIdentity,
  murmur3,
  subtaskOfKeyGroup,
} from "../../../core/record/index.ts";

describe("key groups", () => {
  test("are the unsigned hash of the key's bytes modulo max parallelism", () => {
    for (const key of ["", "JFK", "é", "\0x", 7, -0, 1n, true, new Date(3), ["a", [1, "b"]]]) {
      const identity = keyIdentity(key);
      for (const maxParallelism of [1, 128, 4096, 32_768, 1000]) {
        const group = keyGroup(identity, maxParallelism);
        expect(group).toBe(murmur3(keyBytes(identity)) % maxParallelism);
        expect(group).toBeGreaterThanOrEqual(0);
        expect(keyGroupOf(key, maxParallelism)).toBe(group);
      }
    }
  });

  test("spread keys evenly", () => {
    const counts = new Array<number>(128).fill(0);
    for (let i = 0; i < 12_800; i++) {
      const group = keyGroup(keyIdentity(i % 2 === 0 ? i : `user-${i}`), 128);
      counts[group] = (counts[group] as number) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(145);
  });

  test("of every subtask together are all groups, each once, and fit subtaskOfKeyGroup", () => {
    for (const maxParallelism of [1, 2, 5, 128, 200]) {
      for (let parallelism = 1; parallelism <= maxParallelism; parallelism++) {
        let next = 0;
        for (let subtask = 0; subtask < parallelism; subtask++) {
          const { first, last } = keyGroupRange(subtask, parallelism, maxParallelism);
          expect(first).toBe(next);
          for (let group = first; group <= last; group++) {
            if (subtaskOfKeyGroup(group, parallelism, maxParallelism) !== subtask) {
              expect.fail(
                `group ${group} of ${maxParallelism} is not with ${subtask} of ${parallelism}`,
              );
            }
          }
          next = last + 1;
        }
        expect(next).toBe(maxParallelism);
      }
    }
  });

  test.each([
    [1, 128],
    [85, 128],
    [86, 256],
    [171, 256],
    [1_000, 2_048],
    [32_768, 32_768],
  ])("parallelism %i gives max parallelism %i by default", (parallelism, maxParallelism) => {
    expect(defaultMaxParallelism(parallelism)).toBe(maxParallelism);
  });
});
