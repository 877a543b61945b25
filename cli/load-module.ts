import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type BuildFailure, type Plugin, build } from "esbuild";
import { PlanError, UsageError } from "../core/errors.ts";

export interface LoadedModule {
  readonly defaultExport: unknown;
  /** SHA-256 of the bundle: the job file and everything it imports by relative path (L7). */
  readonly codeHash: string;
  readonly path: string;
}

/**
 * Loads a TypeScript or JavaScript file that needs no build by the user: bundled on the fly,
 * packages stay imports, and a source map makes errors point into the user's file.
 */
export async function loadModule(file: string, what: string): Promise<LoadedModule> {
  const path = resolve(file);
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new UsageError(`${what} ${file} does not exist`, {
      code: "USAGE_NO_FILE",
      hint: "check the path; it is taken from the folder you are in",
    });
  }
  const code = await bundle(path, file);
  const codeHash = createHash("sha256").update(code).digest("hex");
  const bundlePath = join(
    cacheFolder(path),
    `${basename(path)}-${process.pid}-${codeHash.slice(0, 8)}.mjs`,
  );
  writeFileSync(bundlePath, code);
  process.setSourceMapsEnabled(true);
  try {
    const module = (await import(pathToFileURL(bundlePath).href)) as { default?: unknown };
    return { defaultExport: module.default ?? null, codeHash, path };
  } catch (error) {
    throw importFailure(error, file);
  } finally {
    rmSync(bundlePath, { force: true });
  }
}

async function bundle(path: string, file: string): Promise<string> {
  try {
    const result = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
      target: "node20",
      packages: "external",
      sourcemap: "inline",
      sourcesContent: true,
      // A relative source root would be taken from the cache folder.
      sourceRoot: dirname(path),
      absWorkingDir: dirname(path),
      logLevel: "silent",
      plugins: [resolveMillrace(path)],
    });
    return result.outputFiles[0]?.text ?? "";
  } catch (error) {
    throw syntaxFailure(error, file);
  }
}

/**
 * Imports of `millrace` go to the copy that is installed beside the job; where there is none, to
 * the one that runs.
 */
function resolveMillrace(path: string): Plugin {
  const require = createRequire(path);
  return {
    name: "millrace",
    setup(setup) {
      setup.onResolve({ filter: /^millrace($|\/)/ }, ({ path: specifier }) => ({
        path: installed(require, specifier) ?? import.meta.resolve(specifier),
        external: true,
      }));
    },
  };
}

function installed(require: NodeJS.Require, specifier: string): string | null {
  try {
    return pathToFileURL(require.resolve(specifier)).href;
  } catch {
    return null;
  }
}

/** Inside the nearest node_modules, so that the bundle finds the packages that the job imports. */
function cacheFolder(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(modules)) {
      const cache = join(modules, ".cache", "millrace");
      try {
        mkdirSync(cache, { recursive: true });
        return cache;
      } catch {
        break;
      }
    }
    if (folder === dirname(folder)) break;
  }
  const cache = join(tmpdir(), "millrace");
  mkdirSync(cache, { recursive: true });
  return cache;
}

function syntaxFailure(error: unknown, file: string): PlanError {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (first === undefined) {
    return new PlanError(`${file} cannot be compiled (${String(error)})`, {
      code: "PLAN_JOB_FILE",
      cause: error,
    });
  }
  const place =
    first.location === null
      ? file
      : `${first.location.file}:${first.location.line}:${first.location.column + 1}`;
  return new PlanError(`${place}: ${first.text}`, {
    code: "PLAN_JOB_FILE",
    hint: "correct the job file",
    cause: error,
  });
}

function importFailure(error: unknown, file: string): Error {
  const code = (error as { code?: unknown }).code;
  const message = error instanceof Error ? error.message : String(error);
  if (code === "ERR_MODULE_NOT_FOUND") {
    const missing = /package '([^']+)'/.exec(message)?.[1];
    return new PlanError(
      `${file} imports ${missing === undefined ? "a package" : `"${missing}"`}, which is not installed`,
      {
        code: "PLAN_MISSING_PACKAGE",
        hint: missing === undefined ? message : `run npm install ${missing}`,
        cause: error,
      },
    );
  }
  if (error instanceof Error && error.name.endsWith("Error") && "describe" in error) return error;
  return new PlanError(`${file} failed while it was loaded: ${message}`, {
    code: "PLAN_JOB_FILE",
    hint: "a job file must only declare the job; see --verbose for the place",
    cause: error,
  });
}
