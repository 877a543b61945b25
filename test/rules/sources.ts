import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** From the project's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** The TypeScript files of folders, or files, of the project. */
export function sources(...places: readonly string[]): readonly SourceFile[] {
  return places.flatMap((place) =>
    paths(place).map((path) => ({ path, text: readFileSync(join(root, path), "utf8") })),
  );
}

function paths(place: string): readonly string[] {
  if (place.endsWith(".ts")) return [place];
  return readdirSync(join(root, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted();
}

export interface Import {
  readonly line: number;
  /** As written. */
  readonly specifier: string;
  /** From the project's root; null for packages. */
  readonly target: string | null;
}

/** Every module that a file names: imports, also of types, re-exports and dynamic imports. */
export function importsOf({ path, text }: SourceFile): readonly Import[] {
  const code = withoutComments(text);
  const pattern = /(?:^(?:import|export)\b[^;"]*\bfrom\s*|^import\s*|\bimport\(\s*)"([^"]+)"/gm;
  return [...code.matchAll(pattern)].map((match) => {
    const specifier = match[1] ?? "";
    const line = code.slice(0, match.index + match[0].length).split("\n").length;
    const target = specifier.startsWith(".") ? join(dirname(path), specifier) : null;
    return { line, specifier, target: target?.split(sep).join("/") ?? null };
  });
}

/** The same text with comments blanked out; lines stay. */
export function withoutComments(text: string): string {
  const pattern =
    /("(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/(?![*/])(?:[^/\\\n]|\\.)+\/[a-z]*)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replace(pattern, (all: string, kept?: string) => kept ?? all.replace(/[^\n]/g, " "));
}

/** The same text with the contents of strings blanked out, but for what templates insert. */
export function withoutStrings(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"/g, '""').replace(/`(?:[^`\\$]|\\.|\$(?!\{))*`/g, "``");
}
