import { readFile, readdir } from "node:fs/promises";
import { isMissing, storageError } from "./file-errors.ts";

/** The numbers that name something in a folder, ascending; none where there is no folder. */
export async function numbersIn(folder: string): Promise<number[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    if (isMissing(error)) return [];
    throw storageError("list", folder, error);
  }
}

/** A file's bytes; null: there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw storageError("read", path, error);
  }
}
