import { describe, expect, test } from "vitest";
import { Stream } from "./random.ts";

const draws = (stream: Stream, count = 5): readonly number[] =>
  Array.from({ length: count }, () => stream.word());

describe("a stream of draws", () => {
  test("repeats with its seed", () => {
    expect(draws(Stream.of(3))).toEqual(draws(Stream.of(3)));
  });

  test.each([
    ["neighbours", 3, 4],
    ["seeds beyond 32 bits", 5, 5 + 2 ** 32],
  ])("differs between seeds: %s", (_name, one, other) => {
    expect(draws(Stream.of(one))).not.toEqual(draws(Stream.of(other)));
  });

  test("forks by name, whatever was drawn before (R1)", () => {
    const used = Stream.of(1);
    draws(used);
    used.fork("other").word();
    expect(draws(used.fork("a").fork("b"))).toEqual(draws(Stream.of(1).fork("a").fork("b")));
    expect(draws(used.fork("a"))).not.toEqual(draws(used.fork("b")));
  });

  test("has first draws that are spread over neighbouring seeds", () => {
    const firsts = Array.from({ length: 1_000 }, (_, seed) => Stream.of(seed).next());
    expect(new Set(firsts).size).toBe(1_000);
    expect(firsts.filter((first) => first < 0.1).length).toBeGreaterThan(70);
    expect(firsts.filter((first) => first < 0.1).length).toBeLessThan(130);
  });

  test("draws evenly", () => {
    const stream = Stream.of(9);
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i += 1) buckets[stream.below(10)]! += 1;
    expect(Math.min(...buckets)).toBeGreaterThan(9_600);
    expect(Math.max(...buckets)).toBeLessThan(10_400);
  });
});
