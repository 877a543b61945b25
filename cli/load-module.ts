import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { PlanError, UsageError } from "../core/errors.ts";
import { bundle } from "./bundle.ts";

export interface LoadedModule {
  readonly defaultExport: unknown;
  /** SHA-256 of the bundle: the file and everything it imports by relative path (L7). */
  readonly codeHash: string;
  /** Absolute. */
  readonly path: string;
  /** The bundle as it was loaded, for a process that loads the very same (`writeBundle`). */
  readonly runnable: string;
}

/**
 * Loads a TypeScript or JavaScript file that needs no build by the user: bundled on the fly,
 * packages stay imports, and a source map makes errors point into the user's file. `what` names
 * the file in errors, for instance `the job file`.
 */
export async function loadModule(file: string, what: string): Promise<LoadedModule> {
  const path = resolve(file);
  refuseMissing(path, file, what);
  const { code, runnable } = await bundle(path, file);
  const codeHash = createHash("sha256").update(code).digest("hex");
  const bundlePath = writeBundle(path, `${process.pid}-${codeHash}`, runnable);
  process.setSourceMapsEnabled(true);
  try {
    const module = (await import(pathToFileURL(bundlePath).href)) as { default?: unknown };
    return { defaultExport: module.default ?? null, codeHash, path, runnable };
  } catch (error) {
    throw importFailure(error, file);
  } finally {
    rmSync(bundlePath, { force: true });
  }
}

/** Writes the bundle of the file at `path` to where it can be imported from. */
export function writeBundle(path: string, name: string, runnable: string): string {
  const bundlePath = join(cacheFolder(path), `${basename(path)}-${name}.mjs`);
  writeFileSync(bundlePath, runnable);
  return bundlePath;
}

function refuseMissing(path: string, file: string, what: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return;
  throw new UsageError(
    found === undefined ? `${what} ${file} does not exist` : `${what} ${file} is no file`,
    {
      code: "USAGE_NO_FILE",
      hint: `check the path; it is taken from ${process.cwd()}`,
    },
  );
}

/** Inside the nearest node_modules, so that the bundle finds the packages that the file imports. */
function cacheFolder(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    const cache = existsSync(modules) ? made(join(modules, ".cache", "millrace")) : null;
    if (cache !== null) return cache;
    if (folder === dirname(folder)) break;
  }
  const cache = join(tmpdir(), "millrace");
  mkdirSync(cache, { recursive: true });
  return cache;
}

function made(folder: string): string | null {
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch {
    return null;
  }
}

function importFailure(error: unknown, file: string): Error {
  if (isMillraceError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  if ((error as { code?: unknown } | null)?.code === "ERR_MODULE_NOT_FOUND") {
    return missingPackage(message, file, error);
  }
  return new PlanError(`${file} failed while it was loaded: ${message}`, {
    code: "PLAN_JOB_FILE",
    hint: "a job file only declares its job; --verbose shows where it failed",
    cause: error,
  });
}

function missingPackage(message: string, file: string, cause: unknown): PlanError {
  const missing = /package '([^']+)'/.exec(message)?.[1];
  return new PlanError(
    `${file} imports ${missing === undefined ? "a package" : `"${missing}"`}, which is not installed`,
    {
      code: "PLAN_MISSING_PACKAGE",
      hint: missing === undefined ? message : `run npm install ${missing}`,
      cause,
    },
  );
}

/** Also an error that another copy of Millrace made. */
export function isMillraceError(error: unknown): error is Error & { describe(): string } {
  return error instanceof Error && "describe" in error && typeof error.describe === "function";
}
