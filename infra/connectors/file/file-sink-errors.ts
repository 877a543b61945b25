import { StorageError, show } from "../../../core/errors.ts";

/** A StorageError for a failed call of the file system, on one line. */
export function fileSinkError(action: string, path: string, cause: unknown): StorageError {
  const code = errorCode(cause);
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new StorageError(`cannot ${action} ${show(path)} (${reason})`, {
    code: "FILE_SINK_WRITE",
    hint: HINTS[code] ?? "check the folder and its disk",
    retryable: code !== "EACCES" && code !== "ENOTDIR" && code !== "EROFS",
    cause,
  });
}

/** The errno name of a failed system call, e.g. `ENOENT`, else "". */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "there is a file where the folder should be",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it is gone",
};

const HINTS: Readonly<Record<string, string>> = {
  EACCES: "give this user the right to write there, or choose another path",
  EPERM: "give this user the right to write there, or choose another path",
  EROFS: "choose another path",
  ENOSPC: "free some space and start again from the last checkpoint",
  EDQUOT: "free some space and start again from the last checkpoint",
  ENOTDIR: "choose another path",
  EEXIST: "choose another path",
  EMFILE: "raise the limit of open files (ulimit -n)",
  ENAMETOOLONG: 'return shorter names from "partitionBy"',
  ENOENT: "do not delete files or folders below the path while the job runs",
};
