import { randomBytes } from "node:crypto";
import { link, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeFolder } from "../make-folder.ts";
import { codeOf, isMissing, storageError, syncFolder } from "./file-errors.ts";

export interface FileOptions {
  /**
   * Whether what is written survives a loss of power, not only the end of processes. True by
   * default; it costs some milliseconds a call.
   */
  readonly sync?: boolean;
}

/** Unfinished files, in the root: no name of ours begins with a dot. */
const TEMPORARY = ".tmp";
/** Somebody may take a folder away as often as it is made. */
const FOLDER_TRIES = 10;

/**
 * Whole files below a root, between processes of one machine that may be killed at any moment.
 *
 *   AF1  a file has all its bytes or does not exist: it gets its name when they are written
 *   AF2  of many that create one file, one succeeds: link() decides
 *   AF3  with `sync`, bytes and names are durable when a call answers
 */
export class AtomicFiles {
  readonly root: string;
  readonly #sync: boolean;
  #written = 0;

  private constructor(root: string, sync: boolean) {
    this.root = root;
    this.#sync = sync;
  }

  /** Makes the root if need be, and removes what killed processes left unfinished. */
  static async open(root: string, options: FileOptions = {}): Promise<AtomicFiles> {
    const files = new AtomicFiles(resolve(root), options.sync ?? true);
    const temporary = join(files.root, TEMPORARY);
    try {
      await files.makeFolder(temporary);
      for (const name of await readdir(temporary)) {
        if (!isRunning(Number.parseInt(name, 10))) await rm(join(temporary, name), { force: true });
      }
    } catch (error) {
      throw storageError("write", files.root, error);
    }
    return files;
  }

  /** False, and nothing is changed: the file exists (AF2). */
  async create(path: string, bytes: Uint8Array): Promise<boolean> {
    try {
      return await this.#publish(bytes, path, createOnly);
    } catch (error) {
      throw storageError("write", path, error);
    }
  }

  /** Writes the file, whether or not it exists. */
  async replace(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#publish(bytes, path, replaceAny);
    } catch (error) {
      throw storageError("write", path, error);
    }
  }

  /** Makes a folder and its missing parents, durably (AF3). */
  async makeFolder(folder: string): Promise<void> {
    const first = await makeFolder(folder);
    if (first === null || !this.#sync) return;
    const outermost = dirname(first);
    for (let made = folder; made !== outermost; made = dirname(made)) {
      await syncFolder(dirname(made));
    }
  }

  async #publish(bytes: Uint8Array, path: string, name: Naming): Promise<boolean> {
    const temporary = await this.#write(bytes);
    try {
      const named = await this.#inFolder(dirname(path), () => name(temporary, path));
      if (this.#sync) await syncFolder(dirname(path));
      return named;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #write(bytes: Uint8Array): Promise<string> {
    this.#written += 1;
    const name = `${process.pid}-${this.#written}-${randomBytes(4).toString("hex")}`;
    const path = join(this.root, TEMPORARY, name);
    const file = await open(path, "wx");
    try {
      await file.writeFile(bytes);
      if (this.#sync) await file.sync();
    } finally {
      await file.close();
    }
    return path;
  }

  /** Runs `action`; its folder is made when it is missing. */
  async #inFolder<T>(folder: string, action: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await action();
      } catch (error) {
        if (!isMissing(error) || tries === FOLDER_TRIES) throw error;
        await this.makeFolder(folder);
      }
    }
  }
}

/** Gives a finished file its name; false: the name is taken. */
type Naming = (from: string, to: string) => Promise<boolean>;

const createOnly: Naming = async (from, to) => {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
};

const replaceAny: Naming = async (from, to) => {
  await rename(from, to);
  return true;
};

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}
