import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import type { CallScope, NumberSets } from "../../core/ports/index.ts";
import { checkLive } from "../check-live.ts";
import { AtomicFiles, type FileOptions } from "./atomic-files.ts";
import { storageError } from "./file-errors.ts";
import { digits, fileName } from "./file-name.ts";
import { numbersIn } from "./numbered-files.ts";

const EMPTY = new Uint8Array(0);

/**
 * Sets of numbers as files, for many processes of one machine that may be killed at any moment: a
 * member is an empty file `<set>/<member>`.
 *
 *   FN1  a member that was added stays until its set is dropped
 *   FN2  the folder is listed behind one's own add, so of all who add the last one sees all
 */
export class FileNumberSets implements NumberSets {
  readonly #files: AtomicFiles;

  private constructor(files: AtomicFiles) {
    this.#files = files;
  }

  static async open(root: string, options: FileOptions = {}): Promise<FileNumberSets> {
    return new FileNumberSets(await AtomicFiles.open(root, options));
  }

  async add(set: string, member: number, scope: CallScope): Promise<readonly number[]> {
    assert(Number.isSafeInteger(member) && member >= 0, "a member is a natural number");
    checkLive(scope, "add");
    const folder = this.#folder(set);
    await this.#files.create(join(folder, digits(member)), EMPTY);
    const members = await numbersIn(folder);
    // Somebody has dropped the set in between: one's own member was in it for a moment.
    return members.includes(member) ? members : [...members, member];
  }

  async members(set: string, scope: CallScope): Promise<readonly number[]> {
    checkLive(scope, "members");
    return numbersIn(this.#folder(set));
  }

  async drop(set: string, scope: CallScope): Promise<void> {
    checkLive(scope, "drop");
    const folder = this.#folder(set);
    try {
      for (const member of await numbersIn(folder)) {
        await rm(join(folder, digits(member)), { force: true });
      }
    } catch (error) {
      throw storageError("delete", folder, error);
    }
    // Whatever keeps it from going: somebody has begun the set anew.
    await rmdir(folder).catch(() => undefined);
  }

  #folder(set: string): string {
    return join(this.#files.root, fileName(set));
  }
}
