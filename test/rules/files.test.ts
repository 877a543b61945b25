import { describe, expect, test } from "vitest";
import { type SourceFile, sources, withoutComments, withoutStrings } from "./sources.ts";

const shipped = sources("index.ts", "core", "infra", "cli");
const all = [...shipped, ...sources("test", "bench", "examples")];

/** Job files, config files and reports are loaded by their default export. */
const DEFAULT_EXPORT =
  /^(?:examples\/[^/]+\/(?:job|report)\.ts|test\/cli\/jobs\/.*\.ts|[^/]+\.config\.ts)$/;

function pathsWhere(pattern: RegExp, files: readonly SourceFile[] = all): readonly string[] {
  return files
    .filter(({ text }) => pattern.test(withoutStrings(withoutComments(text))))
    .map(({ path }) => path);
}

describe("every file", () => {
  test("has a name in kebab-case that says what is in it", () => {
    const odd = all.filter(
      ({ path }) => !/^(?:[a-z0-9-]+\/)*[a-z0-9-]+(?:\.[a-z]+)*\.ts$/.test(path),
    );
    expect(odd.map(({ path }) => path)).toEqual([]);
    expect(all.filter(({ path }) => /\b(?:utils?|helpers?|misc|common)\.ts$/.test(path))).toEqual(
      [],
    );
  });

  test("has no default export, but for job files, config files and reports", () => {
    const found = pathsWhere(/^export default\b|^export \{[^}]*\bas default\b/m);
    expect(found.filter((path) => !DEFAULT_EXPORT.test(path))).toEqual([]);
  });

  test("declares no enum", () => {
    expect(pathsWhere(/^(?:export )?(?:const )?enum\b/m)).toEqual([]);
  });

  test("has an end: none is longer than 500 lines", () => {
    const long = shipped.filter(({ text }) => text.split("\n").length > 500);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test("re-exports names one by one", () => {
    expect(pathsWhere(/^export \* /m, shipped)).toEqual([]);
  });
});
