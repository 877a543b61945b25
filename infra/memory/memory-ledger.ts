import { assert } from "../../core/assert.ts";
import type { AppendResult, Ledger, LedgerPage, LedgerRow } from "../../core/ports/index.ts";
import { checkItem } from "../port-limits.ts";

/** A page of DynamoDB ends after one MiB. */
const PAGE_BYTES = 1_048_576;

export interface MemoryLedgerOptions {
  /** Rows of the next page, 0 or more: an answer may have several pages, some of them empty. */
  readonly pageRows?: () => number;
}

/**
 * Ledgers in memory, each partition an ascending array. They are the service, not its client: they
 * never look at the scope of a call. Items are kept by reference: who appends one hands it over.
 *
 *   ML1  the versions of a partition ascend strictly
 *   ML2  a row never changes; it only goes, by a trim
 */
export class MemoryLedger implements Ledger {
  readonly #partitions = new Map<string, LedgerRow[]>();
  readonly #pageRows: () => number;

  constructor(options: MemoryLedgerOptions = {}) {
    this.#pageRows = options.pageRows ?? (() => Number.MAX_SAFE_INTEGER);
  }

  // The methods are async so that what they throw rejects; they never wait.
  async append(partition: string, version: number, item: Uint8Array): Promise<AppendResult> {
    assert(Number.isSafeInteger(version) && version >= 0, "ML1: a version is a natural number");
    checkItem(`partition ${partition}, version ${version}`, item);
    const rows = this.#rowsOf(partition);
    const at = firstFrom(rows, version);
    const existing = rows[at];
    if (existing?.version === version) return { appended: false, existing: existing.item };
    const row = Object.freeze({ version, item });
    if (at === rows.length) rows.push(row);
    else rows.splice(at, 0, row);
    return appended;
  }

  async read(partition: string, from: number): Promise<LedgerPage> {
    const rows = this.#partitions.get(partition);
    if (rows === undefined) return { rows: [], more: false };
    const start = firstFrom(rows, from);
    const end = pageEnd(rows, start, this.#pageRows());
    return { rows: rows.slice(start, end), more: end < rows.length };
  }

  async newest(partition: string): Promise<LedgerRow | null> {
    return this.#partitions.get(partition)?.at(-1) ?? null;
  }

  async trim(partition: string, versions: readonly number[]): Promise<void> {
    const rows = this.#partitions.get(partition);
    if (rows === undefined) return;
    for (let i = 0; i < versions.length;) i += removeRun(rows, versions, i);
    if (rows.length === 0) this.#partitions.delete(partition);
  }

  /** The partitions that have rows. */
  partitions(): readonly string[] {
    return [...this.#partitions.keys()];
  }

  /** All rows of a partition, ascending, as they are now. */
  rows(partition: string): readonly LedgerRow[] {
    return this.#partitions.get(partition) ?? [];
  }

  #rowsOf(partition: string): LedgerRow[] {
    const known = this.#partitions.get(partition);
    if (known !== undefined) return known;
    const rows: LedgerRow[] = [];
    this.#partitions.set(partition, rows);
    return rows;
  }
}

const appended: AppendResult = Object.freeze({ appended: true });

/** Where the first row with a version from `version` on is; at the end first, where most look. */
function firstFrom(rows: readonly LedgerRow[], version: number): number {
  const last = rows.at(-1);
  if (last === undefined || last.version < version) return rows.length;
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { version: seen } = rows[middle] as LedgerRow; // middle < length
    if (seen < version) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pageEnd(rows: readonly LedgerRow[], start: number, pageRows: number): number {
  const max = Math.min(rows.length, start + pageRows);
  let bytes = 0;
  let end = start;
  while (end < max && bytes < PAGE_BYTES) {
    bytes += (rows[end] as LedgerRow).item.length; // end < length
    end += 1;
  }
  return end;
}

/** Removes the rows of a run of versions that begins at `versions[from]`. How many it looked at. */
function removeRun(rows: LedgerRow[], versions: readonly number[], from: number): number {
  const start = firstFrom(rows, versions[from] ?? 0);
  let run = 0;
  while (from + run < versions.length && rows[start + run]?.version === versions[from + run]) {
    run += 1;
  }
  if (run > 0) rows.splice(start, run);
  return Math.max(1, run);
}
