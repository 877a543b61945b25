import { describe, expect, test } from "vitest";
import {
  type AppendResult,
  type CallScope,
  LEDGER_ITEM_BYTES_MAX,
  type Ledger,
  type LedgerRow,
  unbounded,
} from "../../core/ports/index.ts";
import { LostResponse, losingNextResponse } from "./lost-response.ts";
import { type Skipped, overScope } from "./scopes.ts";

export interface LedgerHarness {
  /** An empty one. */
  readonly ledger: Ledger;
  readonly asksScope: true | Skipped;
}

/** Pages may be empty; but they end. */
const PAGES_MAX = 1_000;

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);
const text = (item: Uint8Array): string => new TextDecoder().decode(item);

/** `7 seven`: version and content. */
const shown = (row: LedgerRow | null): string | null =>
  row === null ? null : `${row.version} ${text(row.item)}`;

/** One partition, in few words. */
class Partition {
  readonly harness: LedgerHarness;
  readonly name: string;

  constructor(harness: LedgerHarness, name = "job/3/hourly/0") {
    this.harness = harness;
    this.name = name;
  }

  get port(): Ledger {
    return this.harness.ledger;
  }

  append(version: number, content: string): Promise<AppendResult> {
    return this.port.append(this.name, version, bytes(content), unbounded);
  }

  async fill(...versions: number[]): Promise<void> {
    for (const version of versions) {
      expect(await this.append(version, `v${version}`)).toEqual({ appended: true });
    }
  }

  /** All rows from a version on, page by page. */
  async rows(from = 0): Promise<LedgerRow[]> {
    const rows: LedgerRow[] = [];
    let next = from;
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const page = await this.port.read(this.name, next, unbounded);
      rows.push(...page.rows);
      if (!page.more) return rows;
      next = (page.rows.at(-1)?.version ?? next - 1) + 1;
    }
    throw new Error(`no end after ${PAGES_MAX} pages`);
  }

  async versions(from = 0): Promise<number[]> {
    return (await this.rows(from)).map(({ version }) => version);
  }

  async newest(): Promise<string | null> {
    return shown(await this.port.newest(this.name, unbounded));
  }

  trim(...versions: number[]): Promise<void> {
    return this.port.trim(this.name, versions, unbounded);
  }
}

/** What every ledger does. */
export function ledgerConformance(name: string, open: () => Promise<LedgerHarness>): void {
  const opened = async (): Promise<Partition> => new Partition(await open());

  describe(`a ledger (${name})`, () => {
    test("gives back what was appended, ascending", async () => {
      const partition = await opened();
      await partition.fill(0, 1, 2);
      expect((await partition.rows()).map(shown)).toEqual(["0 v0", "1 v1", "2 v2"]);
    });

    test("is empty where nothing was appended", async () => {
      const partition = await opened();
      expect(await partition.rows()).toEqual([]);
      expect(await partition.newest()).toBeNull();
      await partition.trim(0, 1);
    });

    test("keeps a row as it is and answers with it when its version is appended again", async () => {
      const partition = await opened();
      await partition.append(5, "first");
      const again = await partition.append(5, "second");
      expect(again).toMatchObject({ appended: false });
      expect("existing" in again && text(again.existing)).toBe("first");
      expect((await partition.rows()).map(shown)).toEqual(["5 first"]);
    });

    test("lets one of many concurrent appends win and tells the others of it", async () => {
      const partition = await opened();
      const tries = Array.from({ length: 8 }, (_, i) => partition.append(1, `writer ${i}`));
      const results = await Promise.all(tries);
      const won = results.flatMap(({ appended }, i) => (appended ? [`writer ${i}`] : []));
      const seen = results.flatMap((each) => (each.appended ? [] : [text(each.existing)]));
      expect(won).toHaveLength(1);
      expect(seen).toEqual(Array.from({ length: 7 }, () => won[0]));
      expect((await partition.rows()).map(shown)).toEqual([`1 ${won[0]}`]);
    });

    test("shows its own row to an append whose answer was lost", async () => {
      const partition = await opened();
      const losing = losingNextResponse(partition.port, "append");
      const append = (): Promise<AppendResult> =>
        losing.append(partition.name, 1, bytes("mine"), unbounded);
      await expect(append()).rejects.toThrow(LostResponse);
      const again = await append();
      expect("existing" in again && text(again.existing)).toBe("mine");
    });

    test("reads from a version on, whether or not it exists", async () => {
      const partition = await opened();
      await partition.fill(0, 1, 2, 9, 10, 11);
      expect(await partition.versions(1)).toEqual([1, 2, 9, 10, 11]);
      expect(await partition.versions(5)).toEqual([9, 10, 11]);
      expect(await partition.versions(11)).toEqual([11]);
      expect(await partition.versions(12)).toEqual([]);
    });

    test("orders versions as numbers", async () => {
      const partition = await opened();
      await partition.fill(9, 10, 99, 100, 1_000_000, 9_007_199_254_740_991);
      expect(await partition.versions()).toEqual([9, 10, 99, 100, 1e6, 9_007_199_254_740_991]);
      expect(await partition.newest()).toBe("9007199254740991 v9007199254740991");
    });

    test("orders rows by version, not by when they were appended", async () => {
      const partition = await opened();
      await partition.fill(4, 2, 3, 300, 1);
      expect(await partition.versions()).toEqual([1, 2, 3, 4, 300]);
    });

    test("knows the newest row, and sees each append at once", async () => {
      const partition = await opened();
      for (const version of [0, 1, 255, 256, 257]) {
        await partition.fill(version);
        expect(await partition.newest()).toBe(`${version} v${version}`);
        expect(await partition.versions(version)).toEqual([version]);
      }
    });

    test("trims rows and ignores versions that do not exist", async () => {
      const partition = await opened();
      await partition.fill(0, 1, 2, 3, 4, 5);
      await partition.trim(1, 2, 4, 17);
      expect(await partition.versions()).toEqual([0, 3, 5]);
      await partition.trim(1, 2, 3);
      expect(await partition.versions()).toEqual([0, 5]);
    });

    test("can be trimmed empty and filled again", async () => {
      const partition = await opened();
      await partition.fill(1, 2);
      await partition.trim(1, 2);
      expect(await partition.newest()).toBeNull();
      await partition.append(2, "new");
      expect((await partition.rows()).map(shown)).toEqual(["2 new"]);
    });

    test("holds a partition of many rows", async () => {
      const partition = await opened();
      const all = Array.from({ length: 600 }, (_, version) => version);
      await Promise.all(all.map((version) => partition.append(version, `v${version}`)));
      expect(await partition.versions()).toEqual(all);
      await partition.trim(...all.slice(1, 550));
      expect(await partition.versions()).toEqual([0, ...all.slice(550)]);
      expect(await partition.newest()).toBe("599 v599");
    });

    test("keeps partitions apart", async () => {
      const partition = await opened();
      const names = ["a", "a/b", "a%2Fb", "..", "A b:c", "ä"];
      for (const each of names) await new Partition(partition.harness, each).append(1, each);
      for (const each of names) {
        const other = new Partition(partition.harness, each);
        expect((await other.rows()).map(shown), each).toEqual([`1 ${each}`]);
      }
    });

    test("holds items of any bytes up to the limit, over as many pages as it takes", async () => {
      const partition = await opened();
      const items = Array.from({ length: 4 }, (_, i) =>
        new Uint8Array(LEDGER_ITEM_BYTES_MAX).fill(250 + i),
      );
      items.push(new Uint8Array(0));
      for (const [version, item] of items.entries()) {
        await partition.port.append(partition.name, version, item, unbounded);
      }
      const rows = await partition.rows();
      expect(rows.map(({ item }, i) => Buffer.from(item).equals(items[i] ?? item))).toEqual(
        items.map(() => true),
      );
      expect(rows).toHaveLength(items.length);
    });

    test("refuses an item that is too large", async () => {
      const partition = await opened();
      const item = new Uint8Array(LEDGER_ITEM_BYTES_MAX + 1);
      const append = partition.port.append(partition.name, 1, item, unbounded);
      await expect(append).rejects.toMatchObject({ code: "LIMIT_ITEM_BYTES" });
      expect(await partition.newest()).toBeNull();
    });

    test("does nothing for a caller that is gone", async ({ skip }) => {
      const partition = await opened();
      const { asksScope } = partition.harness;
      if (asksScope !== true) return skip(asksScope.skipped);
      await partition.fill(1);
      const { port, name: key } = partition;
      const calls: ((scope: CallScope) => Promise<unknown>)[] = [
        (scope) => port.append(key, 2, bytes("late"), scope),
        (scope) => port.read(key, 0, scope),
        (scope) => port.newest(key, scope),
        (scope) => port.trim(key, [1], scope),
      ];
      for (const call of calls) {
        await expect(call(overScope)).rejects.toMatchObject({ code: "STORAGE_CALL_OVER" });
      }
      expect(await partition.versions()).toEqual([1]);
    });
  });
}
