import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assert } from "../../core/assert.ts";
import type {
  AppendResult,
  CallScope,
  Ledger,
  LedgerPage,
  LedgerRow,
} from "../../core/ports/index.ts";
import { checkLive } from "../check-live.ts";
import { checkItem } from "../port-limits.ts";
import { AtomicFiles, type FileOptions } from "./atomic-files.ts";
import { isMissing, storageError } from "./file-errors.ts";
import { digits, fileName } from "./file-name.ts";
import { numbersIn, readIfThere } from "./numbered-files.ts";

/** Rows of one folder, so that reading the newest of many rows lists few names. */
const ROWS_PER_FOLDER = 256;
/** Where a page ends. */
const PAGE_ROWS = 256;
const PAGE_BYTES = 1_048_576;

/**
 * Ledgers as files, for many processes of one machine that may be killed at any moment: a row is
 * `<partition>/<version / 256>/<version>`, its content the item.
 *
 *   FL1  a row is made once, whole (AF1, AF2), and never written again
 *   FL2  a read that begins after an append has answered sees the row, unless it was trimmed
 *   FL3  trims delete in the order they are given, so that a killed one leaves no hole
 */
export class FileLedger implements Ledger {
  readonly #files: AtomicFiles;

  private constructor(files: AtomicFiles) {
    this.#files = files;
  }

  static async open(root: string, options: FileOptions = {}): Promise<FileLedger> {
    return new FileLedger(await AtomicFiles.open(root, options));
  }

  async append(
    partition: string,
    version: number,
    item: Uint8Array,
    scope: CallScope,
  ): Promise<AppendResult> {
    assert(Number.isSafeInteger(version) && version >= 0, "FL1: a version is a natural number");
    checkItem(`partition ${partition}, version ${version}`, item);
    const path = this.#rowPath(partition, version);
    for (;;) {
      checkLive(scope, "append");
      if (await this.#files.create(path, item)) return { appended: true };
      const existing = await readIfThere(path);
      // Null: it was trimmed in between, so the version is free.
      if (existing !== null) return { appended: false, existing };
    }
  }

  async read(partition: string, from: number, scope: CallScope): Promise<LedgerPage> {
    checkLive(scope, "read");
    const folder = this.#folder(partition);
    const rows: LedgerRow[] = [];
    let bytes = 0;
    for (const first of await numbersIn(folder)) {
      if (first + ROWS_PER_FOLDER <= from) continue;
      for (const version of await numbersIn(join(folder, digits(first)))) {
        if (version < from) continue;
        if (rows.length === PAGE_ROWS || bytes >= PAGE_BYTES) return { rows, more: true };
        const item = await readIfThere(this.#rowPath(partition, version));
        if (item === null) continue;
        rows.push({ version, item });
        bytes += item.length;
      }
    }
    return { rows, more: false };
  }

  async newest(partition: string, scope: CallScope): Promise<LedgerRow | null> {
    checkLive(scope, "newest");
    const folder = this.#folder(partition);
    const folders = await numbersIn(folder);
    for (const first of folders.reverse()) {
      const versions = await numbersIn(join(folder, digits(first)));
      for (const version of versions.reverse()) {
        const item = await readIfThere(this.#rowPath(partition, version));
        if (item !== null) return { version, item };
      }
    }
    return null;
  }

  async trim(partition: string, versions: readonly number[], scope: CallScope): Promise<void> {
    let previous = "";
    for (const version of versions) {
      checkLive(scope, "trim");
      const path = this.#rowPath(partition, version);
      const folder = dirname(path);
      if (previous !== folder && previous !== "") await removeIfEmpty(previous);
      previous = folder;
      await remove(path);
    }
    if (previous !== "") await removeIfEmpty(previous);
  }

  #folder(partition: string): string {
    return join(this.#files.root, fileName(partition));
  }

  #rowPath(partition: string, version: number): string {
    const first = version - (version % ROWS_PER_FOLDER);
    return join(this.#folder(partition), digits(first), digits(version));
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    if (!isMissing(error)) throw storageError("delete", path, error);
  }
}

/** Whatever keeps it from going: it is small, and the next trim tries again. */
async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}
