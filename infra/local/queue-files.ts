import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AtomicFiles } from "./atomic-files.ts";
import { isMissing } from "./file-errors.ts";
import { digits } from "./file-name.ts";
import { LogTail } from "./log-tail.ts";

/** What writers append to. */
export const LOG_FILE = "log";
const SEALED = /^sealed-(\d+)$/;

/**
 * The files of one queue: sealed ones, numbered, and the log. Only its receiver works with them.
 *
 *   QF1  a sealed file was the log: a rename gave it its number, and numbers grow
 *   QF2  a sealed file changes only by being replaced as a whole
 */
export class QueueFiles {
  readonly folder: string;
  readonly #files: AtomicFiles;

  constructor(folder: string, files: AtomicFiles) {
    this.folder = folder;
    this.#files = files;
  }

  makeFolder(): Promise<void> {
    return this.#files.makeFolder(this.folder);
  }

  /** The names of the sealed files, oldest first. */
  async sealed(): Promise<string[]> {
    const names = await readdir(this.folder);
    return names.filter((name) => SEALED.test(name)).sort();
  }

  /** Makes the log the newest sealed file and answers its name; null: there is no log. */
  async seal(sealed: readonly string[]): Promise<string | null> {
    const last = Number(SEALED.exec(sealed.at(-1) ?? "")?.[1] ?? 0);
    const name = `sealed-${digits(last + 1)}`;
    try {
      await rename(this.#path(LOG_FILE), this.#path(name));
      return name;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Replaces sealed files, all there are, by one that says the same: the newest is written over. */
  async replace(sealed: readonly string[], content: Uint8Array): Promise<void> {
    const last = sealed.at(-1);
    if (last === undefined) return;
    await this.#files.replace(this.#path(last), content);
    for (const name of sealed.slice(0, -1)) await rm(this.#path(name), { force: true });
  }

  /** Gives all lines of a sealed file. */
  async read(name: string, visit: (line: Uint8Array) => void): Promise<void> {
    const file = await LogTail.open(this.#path(name), { create: false });
    try {
      await file.read(visit);
      file.finish(visit);
    } finally {
      await file.close();
    }
  }

  /** The log, made if there is none. */
  openLog(): Promise<LogTail> {
    return LogTail.open(this.#path(LOG_FILE), { create: true });
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}
