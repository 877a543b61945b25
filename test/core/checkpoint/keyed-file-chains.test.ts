import { describe, expect, test } from "vitest";
import { KeyedFileChains } from "../../../core/checkpoint/index.ts";
import { fileRef } from "./sample-metadata.ts";

const base = (name: string, bytes: number) => fileRef(`${name}.base`, bytes);
const segment = (name: string, bytes: number) => fileRef(`${name}.segment`, bytes);

describe("the chain of a subtask's keyed files", () => {
  test("begins with a base, and segments follow in order", () => {
    const chains = new KeyedFileChains();
    expect(chains.needsBase("op", 0)).toBe(true);
    chains.append("op", 0, base("a", 100));
    expect(chains.needsBase("op", 0)).toBe(false);
    chains.append("op", 0, segment("b", 10));
    const files = chains.append("op", 0, segment("c", 10));
    expect(files.map(({ key }) => key)).toEqual(["a.base", "b.segment", "c.segment"]);
  });

  test("stays as it is when nothing changed", () => {
    const chains = new KeyedFileChains();
    expect(chains.append("op", 0, null)).toEqual([]);
    const files = chains.append("op", 0, base("a", 1));
    expect(chains.append("op", 0, null)).toEqual(files);
  });

  test("needs a base when the segments outweigh the old one, not before", () => {
    const chains = new KeyedFileChains();
    chains.append("op", 0, base("a", 100));
    chains.append("op", 0, segment("b", 60));
    chains.append("op", 0, segment("c", 40));
    expect(chains.needsBase("op", 0)).toBe(false);
    chains.append("op", 0, segment("d", 1));
    expect(chains.needsBase("op", 0)).toBe(true);
    expect(chains.append("op", 0, base("e", 100))).toEqual([base("e", 100)]);
    expect(chains.needsBase("op", 0)).toBe(false);
  });

  test("needs a base after 16 segments, however small they are", () => {
    const chains = new KeyedFileChains();
    chains.append("op", 0, base("a", 1_000));
    for (let i = 1; i <= 16; i += 1) {
      expect(chains.needsBase("op", 0), `after ${i - 1} segments`).toBe(false);
      chains.append("op", 0, segment(`s${i}`, 1));
    }
    expect(chains.needsBase("op", 0)).toBe(true);
  });

  test("is one of its own for every operator and subtask", () => {
    const chains = new KeyedFileChains();
    chains.append("op", 0, base("a", 1));
    expect(chains.needsBase("op", 1)).toBe(true);
    expect(chains.needsBase("other", 0)).toBe(true);
  });

  test("does not change what an earlier checkpoint was given", () => {
    const chains = new KeyedFileChains();
    const first = chains.append("op", 0, base("a", 100));
    chains.append("op", 0, segment("b", 1));
    expect(first).toEqual([base("a", 100)]);
  });

  test("goes on from a restored checkpoint, with the weight of its segments", () => {
    const chains = new KeyedFileChains();
    chains.continue("op", 0, [base("a", 100), segment("b", 90)]);
    expect(chains.needsBase("op", 0)).toBe(false);
    expect(chains.append("op", 0, segment("c", 20))).toHaveLength(3);
    expect(chains.needsBase("op", 0)).toBe(true);
    chains.continue("op", 1, []);
    expect(chains.needsBase("op", 1)).toBe(true);
  });

  test("ends with a lost file", () => {
    const chains = new KeyedFileChains();
    chains.append("op", 0, base("a", 100));
    chains.reset("op", 0);
    expect(chains.needsBase("op", 0)).toBe(true);
    expect(() => chains.append("op", 0, segment("b", 1))).toThrow(/KC1/);
  });
});
