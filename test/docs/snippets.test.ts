import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type SnippetModule, modulesOf, pages, root, snippetsOf } from "./snippets.ts";

const modules = pages().flatMap(modulesOf);

/** `README.md:41: error TS2339: ...` in the place of the temporary file's position. */
function atPage(line: string): string {
  const match = /([^\s/]+\.ts)\((\d+),\d+\): (.*)$/.exec(line);
  const module = modules.find(({ file }) => file === match?.[1]);
  if (match === null || module === undefined) return line;
  const { page, line: first } = module.snippet;
  return `${page}:${first + Number(match[2]) - module.linesBefore - 1}: ${match[3]}`;
}

/** Type-checks all modules in one run of the compiler; its messages, with positions in the pages. */
function compile(all: readonly SnippetModule[]): string {
  // Below the root, so that packages and Node's types are found; hidden, so that nothing else is.
  const folder = mkdtempSync(join(root, "test/docs/.snippets-"));
  try {
    for (const { file, text } of all) writeFileSync(join(folder, file), text);
    const config = {
      extends: "../../../tsconfig.json",
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      files: all.map(({ file }) => file),
      include: [],
      exclude: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const args = [tsc, "-p", folder, "--pretty", "false"];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    return (stdout + stderr).trim().split("\n").map(atPage).join("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the TypeScript of README and guide", () => {
  test("compiles", () => {
    expect(compile(modules)).toBe("");
  });

  test("is found: every page of the guide has some", () => {
    for (const page of pages()) expect(snippetsOf(page).length, page).toBeGreaterThan(0);
  });
});
