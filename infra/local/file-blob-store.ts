import { randomBytes } from "node:crypto";
import { link, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import type { Dirent } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UsageError, show } from "../../core/errors.ts";
import type { BlobEntry, BlobRange, BlobStore } from "../../core/ports/index.ts";
import { makeFolder } from "../make-folder.ts";
import { codeOf, isMissing, storageError, syncFolder } from "./file-errors.ts";

/** Moments of a `put`, in their order; a crash test dies in one of them. */
export type FileStep = "before-write" | "before-sync" | "before-rename" | "after-rename" | "done";

export interface FileBlobStoreOptions {
  /** Called at each step of each `put`, with the key. */
  readonly onStep?: (step: FileStep, key: string) => void;
}

/** Names of unfinished files. Names with a dot are no objects: they are ours, or the lock's. */
const TEMPORARY = ".tmp-";

/**
 * Objects as files below a directory, published atomically.
 *
 *   FB1  an object is a whole file or no file: its bytes are synced before it gets its name
 *   FB2  when `put` answers, the name is durable too: its folder, and folders made for it, are synced
 *   FB3  `ifAbsent` is decided by link(), which is atomic between processes
 */
export class FileBlobStore implements BlobStore {
  readonly root: string;
  readonly #onStep: (step: FileStep, key: string) => void;
  #temporary = 0;

  private constructor(root: string, options: FileBlobStoreOptions) {
    this.root = root;
    this.#onStep = options.onStep ?? (() => undefined);
  }

  /** Makes the directory if need be and checks that files can be written there. */
  static async open(directory: string, options: FileBlobStoreOptions = {}): Promise<FileBlobStore> {
    const store = new FileBlobStore(resolve(directory), options);
    await store.#checkWritable();
    return store;
  }

  /** Only reads: nothing is made or checked. For a savepoint that lies elsewhere. */
  static reading(directory: string): FileBlobStore {
    return new FileBlobStore(resolve(directory), {});
  }

  async put(
    key: string,
    bytes: Uint8Array,
    options: { readonly ifAbsent?: boolean } = {},
  ): Promise<boolean> {
    const path = this.#path(key);
    try {
      return await this.#publish(key, path, bytes, options.ifAbsent ?? false);
    } catch (error) {
      throw storageError("write", path, error);
    }
  }

  async get(key: string, range?: BlobRange): Promise<Uint8Array | null> {
    const path = this.#path(key);
    let file: FileHandle;
    try {
      file = await open(path, "r");
    } catch (error) {
      if (isMissing(error)) return null;
      throw storageError("read", path, error);
    }
    try {
      return await readRange(file, range);
    } catch (error) {
      if (codeOf(error) === "EISDIR") return null;
      throw storageError("read", path, error);
    } finally {
      await file.close();
    }
  }

  async list(prefix: string): Promise<readonly BlobEntry[]> {
    const entries: BlobEntry[] = [];
    const slash = prefix.lastIndexOf("/");
    const folder = prefix.slice(0, slash + 1);
    if (folder !== "") this.#path(folder.slice(0, -1));
    try {
      await this.#walk(folder, prefix, entries);
    } catch (error) {
      throw storageError("list", join(this.root, folder), error);
    }
    return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = this.#path(key);
      try {
        await rm(path, { force: true });
        await this.#removeEmptyFolders(dirname(path));
      } catch (error) {
        throw storageError("delete", path, error);
      }
    }
  }

  /** Deletes what crashed writers left unfinished. Only while nobody else writes here (the lock). */
  async removeTemporary(): Promise<void> {
    try {
      const names = await readdir(this.root, { recursive: true });
      for (const name of names) {
        const last = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
        if (last.startsWith(TEMPORARY)) await rm(join(this.root, name), { force: true });
      }
    } catch (error) {
      throw storageError("clean", this.root, error);
    }
  }

  async #checkWritable(): Promise<void> {
    try {
      await this.#makeFolder(this.root);
      const probe = await this.#writeTemporary(this.root, new Uint8Array(0));
      await rm(probe);
    } catch (error) {
      throw storageError("write", this.root, error);
    }
  }

  async #publish(
    key: string,
    path: string,
    bytes: Uint8Array,
    ifAbsent: boolean,
  ): Promise<boolean> {
    const folder = dirname(path);
    this.#onStep("before-write", key);
    const temporary = await this.#inFolder(folder, () => this.#writeTemporary(folder, bytes, key));
    try {
      this.#onStep("before-rename", key);
      if (ifAbsent) {
        if (!(await linkAbsent(temporary, path))) return false;
      } else {
        await rename(temporary, path);
      }
    } finally {
      await rm(temporary, { force: true });
    }
    this.#onStep("after-rename", key);
    await syncFolder(folder);
    this.#onStep("done", key);
    return true;
  }

  /** Runs `action`; a missing folder is made, and once more if a `delete` takes it away meanwhile. */
  async #inFolder<T>(folder: string, action: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await action();
      } catch (error) {
        if (!isMissing(error) || attempt === 3) throw error;
        await this.#makeFolder(folder);
      }
    }
  }

  /** The name of a new file with these bytes, synced (FB1). */
  async #writeTemporary(folder: string, bytes: Uint8Array, key = ""): Promise<string> {
    this.#temporary += 1;
    const unique = `${process.pid}-${this.#temporary}-${randomBytes(4).toString("hex")}`;
    const path = join(folder, `${TEMPORARY}${unique}`);
    const file = await open(path, "wx");
    try {
      await file.writeFile(bytes);
      this.#onStep("before-sync", key);
      await file.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return path;
  }

  /** Makes a folder and its missing parents, each synced into its parent (FB2). */
  async #makeFolder(folder: string): Promise<void> {
    const first = await makeFolder(folder);
    if (first === null) return;
    const outermost = dirname(first);
    for (let made = folder; made !== outermost; made = dirname(made)) {
      await syncFolder(dirname(made));
    }
  }

  async #walk(folder: string, prefix: string, entries: BlobEntry[]): Promise<void> {
    for (const entry of await this.#entriesOf(folder)) {
      if (entry.name.startsWith(".")) continue;
      const key = folder + entry.name;
      if (entry.isDirectory()) {
        const inside = `${key}/`;
        if (inside.startsWith(prefix) || prefix.startsWith(inside)) {
          await this.#walk(inside, prefix, entries);
        }
      } else if (entry.isFile() && key.startsWith(prefix)) {
        const bytes = await sizeOf(join(this.root, key));
        if (bytes !== null) entries.push({ key, bytes });
      }
    }
  }

  async #entriesOf(folder: string): Promise<readonly Dirent[]> {
    try {
      return await readdir(join(this.root, folder), { withFileTypes: true });
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let empty = folder; empty !== this.root; empty = dirname(empty)) {
      try {
        await rmdir(empty);
      } catch (error) {
        if (isMissing(error)) continue;
        return;
      }
    }
  }

  #path(key: string): string {
    const names = key.split("/");
    const bad = (name: string): boolean => name === "" || name.startsWith(".");
    if (names.some(bad) || key.includes("\0") || key.includes("\\")) {
      throw new UsageError(`${show(key)} is no key of a file store`, {
        code: "USAGE_BLOB_KEY",
        hint: "use names joined by /; none is empty or begins with a dot",
      });
    }
    return join(this.root, ...names);
  }
}

async function readRange(file: FileHandle, range: BlobRange | undefined): Promise<Uint8Array> {
  const offset = range?.offset ?? 0;
  const length = range?.length ?? (await file.stat()).size;
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** FB3. */
async function linkAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
