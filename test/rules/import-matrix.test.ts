import { describe, expect, test } from "vitest";
import { type SourceFile, importsOf, sources } from "./sources.ts";

/**
 * The rooms in steps: a file may import from its own room and from rooms of earlier steps. Rooms of
 * one step never import each other.
 */
const STEPS: readonly (readonly string[])[] = [
  ["core"],
  ["core/ports", "core/record"],
  ["core/plan"],
  ["core/state"],
  ["core/time"],
  ["core/checkpoint", "core/connector"],
  ["core/runtime"],
  ["core/operators", "core/windowing", "core/protocol"],
  ["core/graph"],
  ["core/api"],
  ["infra"],
  ["index.ts"],
  ["cli"],
];

function roomOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  if (top !== "core") return top;
  return second.endsWith(".ts") ? "core" : `core/${second}`;
}

function stepOf(room: string): number {
  return STEPS.findIndex((rooms) => rooms.includes(room));
}

/** What is wrong with the imports of a file, a line for each. */
function violations(file: SourceFile): readonly string[] {
  const room = roomOf(file.path);
  return importsOf(file).flatMap(({ line, specifier, target }) => {
    const place = `${file.path}:${line} imports ${specifier}`;
    if (target === null) {
      return room.startsWith("core") ? [`${place}: core has no dependency`] : [];
    }
    if (!target.endsWith(".ts")) return [`${place}: write the ending .ts`];
    const other = roomOf(target);
    if (other === room || (stepOf(other) !== -1 && stepOf(other) < stepOf(room))) return [];
    return [`${place}: ${room} must not import ${other}`];
  });
}

const files = sources("index.ts", "core", "infra", "cli");

describe("the import matrix", () => {
  test("knows the room of every file", () => {
    expect(files.filter(({ path }) => stepOf(roomOf(path)) === -1)).toEqual([]);
    expect(files.length).toBeGreaterThan(200);
  });

  test("holds for every import", () => {
    expect(files.flatMap(violations)).toEqual([]);
  });

  test.each([
    [
      "core/time/a.ts",
      'import { b } from "../runtime/b.ts";',
      "core/time must not import core/runtime",
    ],
    [
      "core/record/a.ts",
      'import type { B } from "../ports/b.ts";',
      "core/record must not import core/ports",
    ],
    ["core/errors.ts", 'import { b } from "./record/b.ts";', "core must not import core/record"],
    ["core/api/a.ts", 'export { b } from "../../infra/b.ts";', "core/api must not import infra"],
    ["infra/local/a.ts", 'const b = await import("../../cli/b.ts");', "infra must not import cli"],
    ["core/plan/a.ts", 'import { join } from "node:path";', "core has no dependency"],
    ["cli/a.ts", 'import { b } from "./b.js";', "write the ending .ts"],
    ["infra/a.ts", 'import "../test/b.ts";', "infra must not import test"],
  ])("would find that %s says %s", (path, text, reason) => {
    expect(violations({ path, text })).toEqual([expect.stringContaining(reason)]);
  });

  test("does not look into comments", () => {
    const text = '/** import { b } from "../../cli/b.ts" */\n// import "x";\nexport const a = 1;';
    expect(violations({ path: "core/plan/a.ts", text })).toEqual([]);
  });
});
