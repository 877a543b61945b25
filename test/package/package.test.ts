import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InstalledPackage, root } from "./installed-package.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");

/** The text of the first block of a language below a heading. */
function block(heading: string, language: string): string {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const match = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section);
  if (match?.[1] === undefined)
    throw new Error(`README.md has no ${language} block in "${heading}"`);
  return match[1];
}

const STRICT = {
  target: "es2023",
  lib: ["es2023"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
};

describe("the packed package in a project of its own", () => {
  let project: InstalledPackage;
  beforeAll(() => {
    project = new InstalledPackage();
    project.write("job.ts", block("A job", "ts"));
    project.write("program.mts", block("In a program", "ts"));
    project.write(
      "millrace.config.ts",
      'import { defineConfig } from "millrace/config";\nexport default defineConfig({ parallelism: 2 });\n',
    );
  });
  afterAll(() => project.remove());

  test("type-checks from outside, also its own declarations", () => {
    const files = ["job.ts", "program.mts", "millrace.config.ts"];
    expect(project.compile(files, { ...STRICT, noEmit: true })).toBe("");
  });

  test("refuses a wrong type, so the declarations are not just any", () => {
    const wrong = 'import { agg } from "millrace";\nexport const n: number = agg.count();\n';
    project.write("wrong.ts", wrong);
    expect(project.compile(["wrong.ts"], { ...STRICT, noEmit: true })).toContain("TS2322");
  });

  test("runs the job of the README with its words and its result", () => {
    const orders = /echo '([^']*)' > orders\.ndjson/.exec(readme)?.[1] ?? "";
    project.write("orders.ndjson", `${orders}\n`);
    const run = project.millrace("run", "job.ts", "--parallelism", "1");
    expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 0, stdout: "" });
    expect(run.stderr).toContain("job revenue finished");
    const [file = ""] = readdirSync(join(project.folder, "out/revenue"));
    const section = readme.split("cat out/revenue/*.ndjson\n")[1] ?? "";
    const expected = /```\n\n```\n([\s\S]*?)```/.exec(`\n${section}`)?.[1];
    expect(project.read(`out/revenue/${file}`)).toBe(expected);
  });

  test("explains it, with the setting of the config file", () => {
    const { status, stdout } = project.millrace("explain", "job.ts");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ {2}parallelism +2 +config file$/m);
  });

  test("runs the program of the README", () => {
    expect(project.compile(["program.mts"], { ...STRICT, outDir: "built" })).toBe("");
    const { status, stdout } = project.node("built/program.mjs");
    expect({ status, stdout }).toEqual({ status: 0, stdout: "[ 2, 4, 6, 8, 10 ] 10 1\n" });
  });

  test("holds no test, no source and nothing else that is not needed", () => {
    const tops = readdirSync(join(project.folder, "node_modules/millrace"));
    expect(tops.toSorted()).toEqual(["LICENSE", "README.md", "dist", "docs", "package.json"]);
    const inside = readdirSync(join(project.folder, "node_modules/millrace"), {
      recursive: true,
      encoding: "utf8",
    });
    const odd = inside.filter((path) => /\btest\b|(?<!\.d)\.ts$/.test(path));
    expect(odd).toEqual([]);
  });
});
