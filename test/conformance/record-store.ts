import { describe, expect, test } from "vitest";
import { type CallScope, type RecordStore, unbounded } from "../../core/ports/index.ts";
import { LostResponse, losingNextResponse } from "./lost-response.ts";
import { type Skipped, overScope } from "./scopes.ts";

export interface RecordHarness {
  /** An empty one. */
  readonly store: RecordStore;
  readonly asksScope: true | Skipped;
}

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

/** What every record store does. */
export function recordStoreConformance(name: string, open: () => Promise<RecordHarness>): void {
  const opened = async (): Promise<RecordStore> => (await open()).store;
  const put = (store: RecordStore, expected: number, content: string): Promise<boolean> =>
    store.put("job/generation", bytes(content), expected, unbounded);

  /** `2 second`: revision and content. */
  const shown = async (store: RecordStore, key = "job/generation"): Promise<string | null> => {
    const record = await store.get(key, unbounded);
    return record === null ? null : `${record.revision} ${new TextDecoder().decode(record.bytes)}`;
  };

  describe(`a record store (${name})`, () => {
    test("has nothing under a key that was never put", async () => {
      expect(await shown(await opened())).toBeNull();
    });

    test("makes a record with revision 1, and each change adds one", async () => {
      const store = await opened();
      for (const [expected, content] of ["first", "second", "third"].entries()) {
        expect(await put(store, expected, content)).toBe(true);
        expect(await shown(store)).toBe(`${expected + 1} ${content}`);
      }
    });

    test.each([
      { name: "that it is missing", expected: 0 },
      { name: "an old revision", expected: 1 },
      { name: "a revision that is not yet", expected: 3 },
    ])("changes nothing for a put that expects $name", async ({ expected }) => {
      const store = await opened();
      await put(store, 0, "first");
      await put(store, 1, "second");
      expect(await put(store, expected, "late")).toBe(false);
      expect(await shown(store)).toBe("2 second");
    });

    test("makes no record for a put that expects one", async () => {
      const store = await opened();
      expect(await put(store, 1, "second")).toBe(false);
      expect(await shown(store)).toBeNull();
    });

    test("refuses any old revision, however many changes came since", async () => {
      const store = await opened();
      for (let revision = 0; revision < 50; revision += 1) await put(store, revision, "old");
      for (let expected = 0; expected < 50; expected += 1) {
        expect(await put(store, expected, "late"), `${expected}`).toBe(false);
      }
      expect(await shown(store)).toBe("50 old");
    });

    test("lets one of many concurrent puts win", async () => {
      const store = await opened();
      await put(store, 0, "first");
      const puts = await Promise.all(Array.from({ length: 8 }, (_, i) => put(store, 1, `${i}`)));
      const won = puts.flatMap((each, i) => (each ? [i] : []));
      expect(won).toHaveLength(1);
      expect(await shown(store)).toBe(`2 ${won[0]}`);
    });

    test("has the change although the answer of the put is lost", async () => {
      const store = await opened();
      const losing = losingNextResponse(store, "put");
      await expect(put(losing, 0, "mine")).rejects.toThrow(LostResponse);
      expect(await shown(store)).toBe("1 mine");
      expect(await put(losing, 0, "mine")).toBe(false);
    });

    test("keeps keys apart", async () => {
      const store = await opened();
      const keys = ["a", "a/b", "a%2Fb", "..", "A b:c", "ä"];
      for (const key of keys) await store.put(key, bytes(key), 0, unbounded);
      for (const key of keys) expect(await shown(store, key)).toBe(`1 ${key}`);
    });

    test("keeps any bytes, and none", async () => {
      const store = await opened();
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      await store.put("all", all, 0, unbounded);
      await store.put("none", new Uint8Array(0), 0, unbounded);
      expect(Uint8Array.from((await store.get("all", unbounded))?.bytes ?? [])).toEqual(all);
      expect((await store.get("none", unbounded))?.bytes).toHaveLength(0);
    });

    test("refuses what is too large", async () => {
      const store = await opened();
      const refused = store.put("a", new Uint8Array(400_001), 0, unbounded);
      await expect(refused).rejects.toMatchObject({ code: "LIMIT_ITEM_BYTES" });
    });

    test("does nothing for a caller that is gone", async ({ skip }) => {
      const { store, asksScope } = await open();
      if (asksScope !== true) return skip(asksScope.skipped);
      const calls: ((scope: CallScope) => Promise<unknown>)[] = [
        (scope) => store.put("a", bytes("late"), 0, scope),
        (scope) => store.get("a", scope),
      ];
      for (const call of calls) {
        await expect(call(overScope)).rejects.toMatchObject({ code: "STORAGE_CALL_OVER" });
      }
      expect(await shown(store, "a")).toBeNull();
    });
  });
}
