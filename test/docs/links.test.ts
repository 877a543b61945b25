import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./snippets.ts";

const documents = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

/** Files that come with a run of the benchmarks or are still to be committed: they may be missing. */
const mayBeMissing: readonly string[] = [
  "docs/ERRORS.md",
  "bench/README.md",
  "bench/results/embedded.json",
];

/** Relative links of a document with the heading they lead to, as paths from the root. */
function linksOf(document: string): { path: string; heading: string }[] {
  const text = readFileSync(join(root, document), "utf8");
  return [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, path, heading]) => ({
    path: path === "" ? document : normalize(join(dirname(document), path ?? "")),
    heading: heading ?? "",
  }));
}

/** What a forge makes of the headings of a document. */
function headingsOf(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 _-]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Paths in backticks that name a file of the repository. */
function pathsOf(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  const rooms = "core|infra|cli|examples|bench|test|docs";
  const paths = text.matchAll(new RegExp(`\`((?:${rooms})/[\\w./-]+\\.\\w+)\``, "g"));
  return [...paths].map(([, path = ""]) => path);
}

describe("the documents", () => {
  test.each(documents)("%s links to what is there", (document) => {
    for (const { path, heading } of linksOf(document)) {
      if (mayBeMissing.includes(path)) continue;
      expect(existsSync(join(root, path)), path).toBe(true);
      if (heading !== "") expect(headingsOf(path), path).toContain(heading);
    }
  });

  test.each(documents)("%s names files that exist", (document) => {
    expect(pathsOf(document).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
