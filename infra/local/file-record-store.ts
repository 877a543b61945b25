import { rm } from "node:fs/promises";
import { join } from "node:path";
import { StorageError } from "../../core/errors.ts";
import type { CallScope, RecordStore, StoredRecord } from "../../core/ports/index.ts";
import { checkLive } from "../check-live.ts";
import { checkItem } from "../port-limits.ts";
import { AtomicFiles, type FileOptions } from "./atomic-files.ts";
import { digits, fileName } from "./file-name.ts";
import { numbersIn, readIfThere } from "./numbered-files.ts";

/** Revisions that stay beside the newest one. */
const KEPT = 16;

/**
 * Records as files, for many processes of one machine that may be killed at any moment: each
 * revision of a key is a file `<key>/<revision>`, the greatest counts.
 *
 *   FR1  a revision is made once, whole (AF1, AF2)
 *   FR2  the greatest revision is never removed, nor the KEPT before it: so whoever made a file and
 *        sees a greatest revision at most KEPT above made the first one with this number
 */
export class FileRecordStore implements RecordStore {
  readonly #files: AtomicFiles;

  private constructor(files: AtomicFiles) {
    this.#files = files;
  }

  static async open(root: string, options: FileOptions = {}): Promise<FileRecordStore> {
    return new FileRecordStore(await AtomicFiles.open(root, options));
  }

  async get(key: string, scope: CallScope): Promise<StoredRecord | null> {
    checkLive(scope, "get");
    const folder = this.#folder(key);
    for (;;) {
      const revision = (await numbersIn(folder)).at(-1);
      if (revision === undefined) return null;
      const bytes = await readIfThere(join(folder, digits(revision)));
      // Null: many revisions came in between.
      if (bytes !== null) return { revision, bytes };
    }
  }

  async put(key: string, bytes: Uint8Array, expected: number, scope: CallScope): Promise<boolean> {
    checkItem(`record ${key}`, bytes);
    checkLive(scope, "put");
    const folder = this.#folder(key);
    if (((await numbersIn(folder)).at(-1) ?? 0) !== expected) return false;
    const revision = expected + 1;
    if (!(await this.#files.create(join(folder, digits(revision)), bytes))) return false;
    const revisions = await numbersIn(folder);
    const newest = revisions.at(-1) ?? revision;
    if (newest - revision > KEPT) throw overtaken(key, revision, newest);
    for (const old of revisions) {
      if (old < newest - KEPT) await rm(join(folder, digits(old)), { force: true });
    }
    return true;
  }

  #folder(key: string): string {
    return join(this.#files.root, fileName(key));
  }
}

/** FR2: by now nobody can tell whether the file was the first one. */
function overtaken(key: string, revision: number, newest: number): StorageError {
  return new StorageError(
    `record ${key}: revision ${revision} may or may not have been written (now ${newest})`,
    { code: "STORAGE_RECORD_OVERTAKEN", hint: "read the record and decide anew", retryable: true },
  );
}
