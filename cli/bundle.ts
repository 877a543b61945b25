import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type BuildFailure, type Loader, type Plugin, build } from "esbuild";
import { PlanError } from "../core/errors.ts";

/**
 * A file and what it imports by relative path, as one ES module. Packages stay imports.
 *
 *   BU1  `code` is the same wherever the files lie: what depends on the place is a placeholder
 *   BU2  `millrace` is the copy that runs, so that there is one of each class
 *   BU3  `import.meta.url`, `.dirname` and `.filename` of each file stay its own
 */
export interface Bundle {
  readonly code: string;
  /** What can be run here: without placeholders, with the source map. */
  readonly runnable: string;
}

/** Bundles the file at `path` (absolute); `file` names it in errors. */
export async function bundle(path: string, file: string): Promise<Bundle> {
  const folder = dirname(path);
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      outfile: join(folder, "bundle.mjs"),
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
      target: "node20",
      packages: "external",
      sourcemap: "external",
      absWorkingDir: folder,
      logLevel: "silent",
      define: {
        "import.meta.url": "__millraceFile.url",
        "import.meta.dirname": "__millraceFile.dirname",
        "import.meta.filename": "__millraceFile.filename",
      },
      plugins: [millraceImports, fileOfImportMeta(folder)],
    });
    const text = (ending: string): string =>
      outputFiles.find((output) => output.path.endsWith(ending))?.text ?? "";
    const code = text(".mjs");
    return {
      code,
      runnable: `${place(code, folder)}\n${sourceMapComment(text(".map"), folder)}\n`,
    };
  } catch (error) {
    throw syntaxFailure(error, file);
  }
}

/** BU2: an import of `millrace` becomes a placeholder. */
const millraceImports: Plugin = {
  name: "millrace-imports",
  setup(setup) {
    setup.onResolve({ filter: /^millrace($|\/)/ }, ({ path }) => {
      const url = exported(path);
      return url === null
        ? { errors: [{ text: `the package millrace has no ${path}` }] }
        : { path: `millrace-copy:${path}`, external: true };
    });
  },
};

function exported(specifier: string): string | null {
  try {
    return import.meta.resolve(specifier);
  } catch {
    return null;
  }
}

/** BU3: a file that says `import.meta` gets its own place, as a placeholder, on its first line. */
function fileOfImportMeta(folder: string): Plugin {
  return {
    name: "millrace-import-meta",
    setup(setup) {
      setup.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        if (!source.includes("import.meta")) return null;
        const name = JSON.stringify(relative(folder, path)).slice(1);
        const prefix = `const __millraceFile = { url: "millrace-url:${name}, dirname: "millrace-dirname:${name}, filename: "millrace-filename:${name} };`;
        return { contents: prefix + source.replace(/^#!/, "//"), loader: loaderOf(path) };
      });
    },
  };
}

function loaderOf(path: string): Loader {
  const extension = path.slice(path.lastIndexOf(".") + 1).replace(/^[cm]/, "");
  return extension as Loader; // ts, tsx, js or jsx, by the filter
}

/** Puts what holds on this machine in the place of the placeholders. */
function place(code: string, folder: string): string {
  return code.replaceAll(
    /"millrace-(copy|url|dirname|filename):((?:[^"\\]|\\.)*)"/g,
    (_whole, kind: string, name: string) => {
      if (kind === "copy") return JSON.stringify(exported(name) ?? name);
      const url = pathToFileURL(join(folder, JSON.parse(`"${name}"`) as string)); // we wrote it
      if (kind === "url") return JSON.stringify(url.href);
      const path = fileURLToPath(url);
      return kind === "filename" ? JSON.stringify(path) : JSON.stringify(dirname(path));
    },
  );
}

function sourceMapComment(json: string, folder: string): string {
  const map: object = { ...JSON.parse(json), sourceRoot: `${pathToFileURL(folder).href}/` };
  const base64 = Buffer.from(JSON.stringify(map)).toString("base64");
  return `//# sourceMappingURL=data:application/json;base64,${base64}`;
}

function syntaxFailure(error: unknown, file: string): PlanError {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (first === undefined) {
    return new PlanError(`${file} cannot be compiled (${String(error)})`, {
      code: "PLAN_JOB_FILE",
      hint: "correct the file",
      cause: error,
    });
  }
  const { location } = first;
  const line = location === null ? "" : `:${location.line}:${location.column + 1}`;
  const imported =
    location === null || location.file === "" ? file : join(dirname(file), location.file);
  return new PlanError(`${imported}${line}: ${first.text}`, {
    code: "PLAN_JOB_FILE",
    hint: "correct the file",
    cause: error,
  });
}
