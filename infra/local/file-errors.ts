import { open } from "node:fs/promises";
import { StorageError, UsageError } from "../../core/errors.ts";

/** The system's code of an error, e.g. `ENOENT`. */
export function codeOf(error: unknown): string | null {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? null;
}

/** No such file, or a part of its path is a file. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: "give this user the right to it, or choose another directory",
  EPERM: "give this user the right to it, or choose another directory",
  EROFS: "the file system is read-only: choose another directory",
  ENOSPC: "the disk is full: free some space, or choose another directory",
  EDQUOT: "the quota is used up: free some space, or choose another directory",
  EMFILE: "too many files are open: raise the limit (ulimit -n)",
  ENOTDIR: "a part of the path is a file: choose another directory",
  EEXIST: "a part of the path is a file: choose another directory",
};

/** What the system says, as an error that says what to do. Errors of ours stay as they are. */
export function storageError(action: string, path: string, cause: unknown): Error {
  if (cause instanceof UsageError || cause instanceof StorageError) return cause;
  const code = codeOf(cause);
  if (code === null) return cause instanceof Error ? cause : new Error(String(cause));
  return new StorageError(`cannot ${action} ${path} (${code})`, {
    code: "STORAGE_FILE",
    hint: HINTS[code] ?? "check the directory and its disk",
    retryable: code === "EMFILE" || code === "EAGAIN" || code === "EBUSY",
    cause,
  });
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
