import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./sources.ts";

const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

/** Rooms of this project; a path that begins otherwise is an example of the user's. */
const PATH =
  /^(?:core|infra|cli|examples|bench|test|docs|scripts)\/[\w./-]*$|^[\w.-]+\.(?:ts|json|md)$/;

/** Paths in backquotes that name something of this project. */
function pathsIn(text: string): readonly string[] {
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");
  return quoted.filter((path) => PATH.test(path) && path.includes("/"));
}

/** Targets of links to other pages and files. */
function linksIn(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1] ?? "")
    .filter((target) => !/^[a-z]+:/.test(target));
}

describe.each(pages)("%s", (page) => {
  const text = readFileSync(join(root, page), "utf8");

  test("names files that exist", () => {
    expect(pathsIn(text).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("links to files that exist", () => {
    const missing = linksIn(text).filter(
      (target) => !existsSync(join(root, dirname(page), target)),
    );
    expect(missing.map((target) => relative(".", target))).toEqual([]);
  });
});

describe("the role-to-file table of docs/ARCHITECTURE.md", () => {
  test("is there and names files of every room", () => {
    const text = readFileSync(join(root, "docs/ARCHITECTURE.md"), "utf8");
    const rooms = new Set(pathsIn(text).map((path) => path.split("/").slice(0, 2).join("/")));
    for (const room of ["core/record", "core/state", "core/runtime", "core/api", "infra/local"]) {
      expect(rooms).toContain(room);
    }
  });
});
