import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { StorageError } from "../../core/errors.ts";
import { makeFolder } from "../make-folder.ts";
import { isMissing, storageError, syncFolder } from "./file-errors.ts";
import { OneAtATime } from "./one-at-a-time.ts";

interface OpenFile {
  readonly handle: FileHandle;
  readonly dev: number;
  readonly ino: number;
}

/**
 * The end of a file that many processes append to, and that a reader may rename away to begin a new
 * one.
 *
 *   AL1  an append is one write() at the end of the file, so that appends never mix; a killed writer
 *        leaves the beginning of its bytes at most
 *   AL2  an append has succeeded when, after its write, the file still has its name: who renames it
 *        reads it to its end afterwards. Otherwise nobody may have read the bytes, and they are
 *        appended to the file that has the name now: they may be read twice
 *   AL3  appends of one object happen in the order they were asked for
 */
export class AppendLog {
  readonly #path: string;
  readonly #sync: boolean;
  readonly #turns = new OneAtATime();
  #file: OpenFile | null = null;

  constructor(path: string, sync: boolean) {
    this.#path = path;
    this.#sync = sync;
  }

  /** `check` runs before each write and throws when none is to be made. */
  append(bytes: Uint8Array, check: () => void): Promise<void> {
    return this.#turns.run(async () => {
      try {
        await this.#append(bytes, check);
      } catch (error) {
        throw storageError("append to", this.#path, error);
      }
    });
  }

  close(): Promise<void> {
    return this.#turns.run(() => this.#close());
  }

  async #append(bytes: Uint8Array, check: () => void): Promise<void> {
    for (;;) {
      check();
      const file = (this.#file ??= await this.#open());
      await this.#write(file, bytes);
      if (await this.#hasItsName(file)) return;
      await this.#close();
    }
  }

  async #write({ handle }: OpenFile, bytes: Uint8Array): Promise<void> {
    const { bytesWritten } = await handle.write(bytes, 0, bytes.length, null);
    if (bytesWritten < bytes.length) {
      // Going on would let the rest mix with the appends of others (AL1).
      throw new StorageError(
        `${this.#path} took only ${bytesWritten} of ${bytes.length} bytes at its end`,
        { code: "STORAGE_FILE", hint: "free some space on the disk", retryable: true },
      );
    }
    if (this.#sync) await handle.datasync();
  }

  async #open(): Promise<OpenFile> {
    const handle = await this.#openHandle();
    const { dev, ino } = await handle.stat();
    if (this.#sync) await syncFolder(dirname(this.#path));
    return { handle, dev, ino };
  }

  async #openHandle(): Promise<FileHandle> {
    try {
      return await open(this.#path, "a");
    } catch (error) {
      if (!isMissing(error)) throw error;
      await makeFolder(dirname(this.#path));
      return open(this.#path, "a");
    }
  }

  async #hasItsName({ dev, ino }: OpenFile): Promise<boolean> {
    try {
      const now = await stat(this.#path);
      return now.dev === dev && now.ino === ino;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.handle.close();
  }
}
