import { describe, expect, test } from "vitest";
import type { BlobStore } from "../../core/ports/index.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** What every blob store does. `make` gives an empty one. */
export function blobStoreConformance(name: string, make: () => Promise<BlobStore>): void {
  describe(`a blob store (${name})`, () => {
    test("gives back the bytes of an object", async () => {
      const store = await make();
      expect(await store.put("a/b/c", bytes(1, 2, 3))).toBe(true);
      expect(await store.get("a/b/c")).toEqual(bytes(1, 2, 3));
    });

    test("keeps an empty object", async () => {
      const store = await make();
      await store.put("empty", bytes());
      expect(await store.get("empty")).toEqual(bytes());
      expect(await store.list("")).toEqual([{ key: "empty", bytes: 0 }]);
    });

    test("answers null for an object that does not exist", async () => {
      const store = await make();
      await store.put("a/b", bytes(1));
      for (const key of ["b", "a", "a/c", "a/b/c"]) expect(await store.get(key), key).toBeNull();
    });

    test("replaces an object", async () => {
      const store = await make();
      await store.put("a", bytes(1, 2, 3));
      expect(await store.put("a", bytes(4))).toBe(true);
      expect(await store.get("a")).toEqual(bytes(4));
    });

    test("with ifAbsent leaves an existing object as it is and says so", async () => {
      const store = await make();
      expect(await store.put("a", bytes(1), { ifAbsent: true })).toBe(true);
      expect(await store.put("a", bytes(2), { ifAbsent: true })).toBe(false);
      expect(await store.get("a")).toEqual(bytes(1));
    });

    test("lets one of many concurrent puts with ifAbsent win", async () => {
      const store = await make();
      const puts = Array.from({ length: 8 }, (_, i) =>
        store.put("a", filled(9, i), { ifAbsent: true }),
      );
      const won = (await Promise.all(puts)).flatMap((each, i) => (each ? [i] : []));
      expect(won).toHaveLength(1);
      expect(await store.get("a")).toEqual(filled(9, won[0] as number));
    });

    test("shows one whole object after concurrent puts", async () => {
      const store = await make();
      const puts = Array.from({ length: 8 }, (_, i) => store.put("a/b", filled(100 + i, i)));
      await Promise.all(puts);
      const last = await store.get("a/b");
      expect(last).toEqual(filled(100 + (last?.[0] ?? -1), last?.[0] ?? -1));
      expect(await store.list("")).toHaveLength(1);
    });

    test("shows a reader the old object or the new one, whole, while it is replaced", async () => {
      const store = await make();
      const length = 1 << 20;
      await store.put("a", filled(length, 0));
      let writing = true;
      const write = async (): Promise<void> => {
        for (let value = 1; value <= 16; value += 1) await store.put("a", filled(length, value));
        writing = false;
      };
      const read = async (): Promise<void> => {
        do {
          const seen = await store.get("a");
          expect(seen).toHaveLength(length);
          const [first] = seen ?? [];
          expect(seen?.findIndex((value) => value !== first)).toBe(-1);
        } while (writing);
      };
      await Promise.all([write(), read(), read()]);
    });

    const ranges: readonly (readonly [string, number, number, Uint8Array])[] = [
      ["the start", 0, 2, bytes(1, 2)],
      ["the middle", 1, 3, bytes(2, 3, 4)],
      ["up to the end", 3, 2, bytes(4, 5)],
      ["beyond the end", 3, 9, bytes(4, 5)],
      ["behind the end", 7, 2, bytes()],
      ["nothing", 2, 0, bytes()],
    ];
    test.each(ranges)("reads a range: %s", async (_name, offset, length, expected) => {
      const store = await make();
      await store.put("a", bytes(1, 2, 3, 4, 5));
      expect(await store.get("a", { offset, length })).toEqual(expected);
    });

    test("lists keys by prefix, ascending, with sizes", async () => {
      const store = await make();
      for (const key of ["chk-2/m", "chk-10/m", "shared/x/y", "chk-1", "a"]) {
        await store.put(key, filled(key.length, 7));
      }
      const list = async (prefix: string): Promise<string[]> =>
        (await store.list(prefix)).map(({ key, bytes }) => `${key}:${bytes}`);
      expect(await list("chk-")).toEqual(["chk-1:5", "chk-10/m:8", "chk-2/m:7"]);
      expect(await list("chk-1")).toEqual(["chk-1:5", "chk-10/m:8"]);
      expect(await list("shared/x/")).toEqual(["shared/x/y:10"]);
      expect(await list("nothing/")).toEqual([]);
      expect(await list("")).toHaveLength(5);
    });

    test("deletes objects and ignores what does not exist", async () => {
      const store = await make();
      for (const key of ["a/b/1", "a/b/2", "c"]) await store.put(key, bytes(1));
      await store.delete(["a/b/1", "none", "a/none/x", "c"]);
      expect(await store.list("")).toEqual([{ key: "a/b/2", bytes: 1 }]);
      await store.delete(["a/b/2"]);
      await store.put("a/b/2", bytes(9));
      expect(await store.get("a/b/2")).toEqual(bytes(9));
    });

    test("keeps its own copy of the bytes", async () => {
      const store = await make();
      const mine = bytes(1, 2, 3);
      await store.put("a", mine);
      mine.fill(9);
      const read = await store.get("a");
      read?.fill(8);
      expect(await store.get("a")).toEqual(bytes(1, 2, 3));
    });
  });
}
