import { type FileHandle, open, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { makeFolder } from "../../make-folder.ts";
import { fileSinkError } from "./file-sink-errors.ts";
import type { Part } from "./file-sink-part.ts";
import { syncFolder } from "./file-sink-sync.ts";

/**
 * The open files of one writer. Jobs may have hundreds of folders, and a process few descriptors.
 *
 *   OF1  at most `idleMax` files that nobody writes at the moment stay open; the least recently
 *        used one is closed first, and opened again for appending when it is needed
 *   OF2  one caller at a time uses a part
 *   OF3  a closed part is on the disk, and after `syncFolders` its name is too
 */
export class PartFiles {
  readonly #idle = new Map<Part, FileHandle>();
  readonly #idleMax: number;
  /** Folders with new entries. */
  #unsynced = new Set<string>();

  constructor(idleMax: number) {
    this.#idleMax = idleMax;
  }

  /** Files that are open and that nobody writes at the moment. */
  get idleCount(): number {
    return this.#idle.size;
  }

  /** Appends what the part has buffered, and keeps its file open. Returns the bytes written. */
  async append(part: Part): Promise<number> {
    const bytes = part.take();
    if (bytes === null) return 0;
    const file = await this.#acquire(part);
    await write(file, part, bytes);
    await this.#release(part, file);
    return bytes.length;
  }

  /** Appends the rest, makes the file durable and closes it (OF3). Returns the bytes written. */
  async close(part: Part): Promise<number> {
    const bytes = part.take();
    const file = await this.#acquire(part);
    if (bytes !== null) await write(file, part, bytes);
    try {
      await file.sync();
      await file.close();
    } catch (cause) {
      throw fileSinkError("close", part.path, cause);
    }
    part.closed = true;
    return bytes?.length ?? 0;
  }

  /** Makes the names of all files created so far durable (OF3). */
  async syncFolders(): Promise<void> {
    const folders = [...this.#unsynced];
    this.#unsynced = new Set();
    for (const folder of folders) await syncFolder(folder);
  }

  /** Closes what is still open, after a failure for instance; files stay as they are. */
  async closeIdle(): Promise<void> {
    const files = [...this.#idle.values()];
    this.#idle.clear();
    for (const file of files) await file.close().catch(() => {});
  }

  /** Deletes the file of a part that no checkpoint knows; failures do not matter. */
  async discard(part: Part): Promise<void> {
    const file = this.#idle.get(part);
    this.#idle.delete(part);
    await file?.close().catch(() => {});
    if (part.created) await unlink(part.path).catch(() => {});
  }

  async #acquire(part: Part): Promise<FileHandle> {
    const file = this.#idle.get(part);
    if (file !== undefined) {
      this.#idle.delete(part);
      return file;
    }
    try {
      return part.created ? await open(part.path, "a") : await this.#create(part);
    } catch (cause) {
      throw fileSinkError("write", part.path, cause);
    }
  }

  async #create(part: Part): Promise<FileHandle> {
    const firstMade = await makeFolder(part.folder);
    const file = await open(part.path, "ax");
    part.created = true;
    this.#unsynced.add(part.folder);
    if (firstMade !== null) this.#addParents(resolve(part.folder), firstMade);
    return file;
  }

  /** Folders from `last` up to `first` were made: their parents have new entries. */
  #addParents(last: string, first: string): void {
    for (let made = last; made.length >= first.length; made = dirname(made)) {
      this.#unsynced.add(dirname(made));
    }
  }

  async #release(part: Part, file: FileHandle): Promise<void> {
    this.#idle.set(part, file);
    if (this.#idle.size <= this.#idleMax) return;
    for (const [oldest, oldestFile] of this.#idle) {
      this.#idle.delete(oldest);
      try {
        await oldestFile.close();
      } catch (cause) {
        throw fileSinkError("close", oldest.path, cause);
      }
      return;
    }
  }
}

async function write(file: FileHandle, part: Part, bytes: Buffer): Promise<void> {
  try {
    await file.appendFile(bytes);
  } catch (cause) {
    await file.close().catch(() => {});
    throw fileSinkError("write", part.path, cause);
  }
  part.written(bytes.length);
}
