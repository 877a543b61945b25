import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { emptyFolder } from "./millrace.ts";

const loader = fileURLToPath(new URL("../../dist/cli/load-module.js", import.meta.url));

interface Loaded {
  readonly defaultExport: unknown;
  readonly codeHash: string;
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Loads a file in a process of its own, as the command does. */
function load(path: string): Loaded {
  const script = `import { loadModule } from ${JSON.stringify(pathToFileURL(loader).href)};
    console.log(JSON.stringify(await loadModule(process.argv[1], "job file")));`;
  const args = ["--input-type=module", "--eval", script, path];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Loaded;
}

const PLACES = "({ url: import.meta.url, dirname: import.meta.dirname })";

describe("a bundled file", () => {
  test("keeps the place of each file in import.meta", () => {
    const folder = emptyFolder();
    write(folder, {
      "job.ts": `import { lib } from "./lib/a file.ts";\nexport default { job: ${PLACES}, lib };\n`,
      "lib/a file.ts": `export const lib: { url: string } = ${PLACES};\n`,
    });
    expect(load(join(folder, "job.ts")).defaultExport).toEqual({
      job: { url: pathToFileURL(join(folder, "job.ts")).href, dirname: folder },
      lib: {
        url: pathToFileURL(join(folder, "lib/a file.ts")).href,
        dirname: join(folder, "lib"),
      },
    });
  });

  test("has the same hash wherever it lies, and another one when its code changes", () => {
    const files = {
      "job.ts": `import { defineJob } from "millrace";\nimport { n } from "./n.ts";\nexport default [typeof defineJob, n, import.meta.url];\n`,
      "n.ts": "export const n = 1;\n",
    };
    const [here, there, changed] = [emptyFolder(), emptyFolder(), emptyFolder()];
    write(here, files);
    write(there, files);
    write(changed, { ...files, "n.ts": "export const n = 2;\n" });
    const hash = load(join(here, "job.ts")).codeHash;
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(load(join(there, "job.ts")).codeHash).toBe(hash);
    expect(load(join(changed, "job.ts")).codeHash).not.toBe(hash);
  });

  test("gets the copy of millrace that runs, also where none is installed", () => {
    const folder = emptyFolder();
    const errors = pathToFileURL(join(dirname(loader), "../core/errors.js")).href;
    write(folder, {
      "job.ts": `import { UsageError } from "millrace";
        import { UsageError as other } from ${JSON.stringify(errors)};
        export default UsageError === other;\n`,
    });
    expect(load(join(folder, "job.ts")).defaultExport).toBe(true);
  });

  test.each([
    ["JavaScript", "job.mjs", "export default 1 + 1;"],
    ["TypeScript without types", "job.ts", "export default 1 + 1;"],
    ["TypeScript with what must be stripped", "job.mts", "export default (1 as number) + 1;"],
    [
      "a file with a first line for the shell",
      "job.ts",
      "#!/usr/bin/env -S npx millrace run\nexport default 2 + 0 * import.meta.url.length;",
    ],
  ])("may be %s", (_name, file, text) => {
    const folder = emptyFolder();
    write(folder, { [file]: text });
    expect(load(join(folder, file)).defaultExport).toBe(2);
  });
});
