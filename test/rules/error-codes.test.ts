import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root, sources, withoutComments } from "./sources.ts";

/** The first words of codes; other texts in capitals belong to file formats and the environment. */
const CODE =
  /"((?:DATA|ENVELOPE|FILE|FRAME|GZIP|JOB|KEY|LIMIT|LINE|NDJSON|PARQUET|PLAN|RECORD|RESTORE|SCHEMA|STATE|STORAGE|TEXT|TIMER|USAGE|VALUE)(?:_[A-Z0-9]+)+)"/g;

const text = sources("core", "infra", "cli")
  .map((file) => withoutComments(file.text))
  .join("\n");
const thrown = new Set([...text.matchAll(CODE)].map((match) => match[1] ?? ""));
const page = readFileSync(join(root, "docs/ERRORS.md"), "utf8");
const documented = [...page.matchAll(/^\| `([A-Z0-9_]+)` +\| (.+) \|$/gm)];

describe("docs/ERRORS.md", () => {
  test("has every code that is thrown", () => {
    const known = new Set(documented.map((match) => match[1]));
    expect([...thrown].filter((code) => !known.has(code)).toSorted()).toEqual([]);
  });

  test("has no code that nobody throws", () => {
    const stale = documented.map((match) => match[1] ?? "").filter((code) => !thrown.has(code));
    expect(stale).toEqual([]);
  });

  test("says each code once, in a sentence", () => {
    const codes = documented.map((match) => match[1]);
    expect(codes).toEqual([...new Set(codes)]);
    for (const [, code, sentence = ""] of documented) {
      expect(sentence.trim(), code).toMatch(/^(?:[A-Z]|`).*\.$/);
    }
  });

  test("names a code for every error class that is made with one", () => {
    const literal = [...text.matchAll(/\bcode: "([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(literal.filter((code) => !thrown.has(code))).toEqual([]);
  });
});
