import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { StorageError, show } from "../../../core/errors.ts";

/**
 * The files that `paths` (files, folders, globs) stand for, each once, sorted by path. Below a
 * folder or glob, names that start with `_` or `.` are left out: they belong to writers that have
 * not finished. A StorageError if a path gives no file.
 */
export async function listFiles(paths: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    const files = await filesOf(path);
    for (const file of files) found.add(file);
  }
  return [...found].sort();
}

async function filesOf(path: string): Promise<readonly string[]> {
  const stats = await stat(path).catch((cause: unknown) => missing(path, cause));
  if (stats === null) return filesOfGlob(path);
  if (!stats.isDirectory()) return [path];
  const files: string[] = [];
  await walk(path, files);
  if (files.length === 0) throw noFiles(`the folder ${path} holds no file to read`);
  return files;
}

/** Null when the path may be a glob; else the file should be there. */
function missing(path: string, cause: unknown): null {
  if (errorCode(cause) === "ENOENT" && isDynamicPattern(path)) return null;
  if (errorCode(cause) === "ENOENT" || errorCode(cause) === "ENOTDIR") {
    throw new StorageError(`there is no file or folder ${show(path)}`, {
      code: "FILE_NOT_FOUND",
      hint: `check "path"; a relative path starts at ${process.cwd()}`,
      cause,
    });
  }
  throw unreadable(path, cause);
}

async function filesOfGlob(pattern: string): Promise<readonly string[]> {
  const matches = await glob(pattern, {
    onlyFiles: true,
    absolute: isAbsolute(pattern),
    expandDirectories: false,
  });
  const named = new Set(pattern.split("/"));
  const files = matches.filter((file) => file.split("/").every((n) => named.has(n) || !hidden(n)));
  if (files.length === 0) throw noFiles(`no file matches ${show(pattern)}`);
  return files;
}

async function walk(folder: string, files: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  for (const entry of entries) {
    if (hidden(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await walk(path, files);
    else if (await isFile(entry, path)) files.push(path);
  }
}

/** Links to files count, links to folders do not: they could lead in circles. */
async function isFile(entry: Dirent, path: string): Promise<boolean> {
  return entry.isFile() || (entry.isSymbolicLink() && (await stat(path)).isFile());
}

function hidden(name: string): boolean {
  return name.startsWith("_") || (name.startsWith(".") && name !== "." && name !== "..");
}

function noFiles(message: string): StorageError {
  return new StorageError(message, {
    code: "FILE_NO_MATCH",
    hint: `check "path"; names that start with "_" or "." are skipped, and a relative path starts at ${process.cwd()}`,
  });
}

/** A file or folder is there, but cannot be read. */
export function unreadable(path: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError(`cannot read ${show(path)} (${reason})`, {
    code: "FILE_UNREADABLE",
    hint: "check that it is a file and that this user may read it",
    cause,
  });
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : null;
}
