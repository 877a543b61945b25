import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { emptyFolder, jobFile, millrace } from "./millrace.ts";

interface Case {
  readonly name: string;
  /** Files in the folder in which the command runs. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: string | RegExp;
}

const numbers = jobFile("numbers");
const THROWING = `
import { defineJob } from "millrace";
export default defineJob({
  name: "throwing",
  build(env) {
    throw new RangeError("too much");
  },
});
`;

const cases: readonly Case[] = [
  { name: "no command", args: [], code: 2, says: "no command is given; see millrace --help" },
  {
    name: "an unknown command",
    args: ["rn", "job.ts"],
    code: 2,
    says: "unknown command rn; did you mean run?",
  },
  {
    name: "a command that resembles none",
    args: ["deploy"],
    code: 2,
    says: "unknown command deploy; there are run and explain",
  },
  {
    name: "an unknown option",
    args: ["run", "job.ts", "--paralelism", "2"],
    code: 2,
    says: "unknown option --paralelism; did you mean --parallelism?",
  },
  {
    name: "a param that is given as an option",
    args: ["run", "job.ts", "--input", "x"],
    code: 2,
    says: "unknown option --input; params are given as --set name=value",
  },
  { name: "no job file", args: ["run"], code: 2, says: "no job file is given" },
  {
    name: "two job files",
    args: ["run", "a.ts", "b.ts"],
    code: 2,
    says: "there is more than one job file",
  },
  {
    name: "an option without its value",
    args: ["run", "job.ts", "--set"],
    code: 2,
    says: "--set has no value",
  },
  {
    name: "a param without a value",
    args: ["run", numbers, "--set", "rate"],
    code: 2,
    says: '--set needs a name and a value (got "rate"); write --set name=value',
  },
  {
    name: "options that exclude each other",
    args: ["run", numbers, "--fresh", "--from", "latest"],
    code: 2,
    says: "--fresh and --from exclude each other",
  },
  {
    name: "a choice that does not exist",
    args: ["explain", numbers, "--format", "svg"],
    code: 2,
    says: '--format cannot be "svg"; choose one of text, json, mermaid',
  },
  {
    name: "a parallelism that is no number",
    args: ["run", numbers, "--parallelism", "two"],
    code: 2,
    says: /--parallelism is not an integer from 1 to \d+ \(got "two"\)/,
  },
  {
    name: "a file that does not exist",
    args: ["run", "jbo.ts"],
    code: 2,
    says: "job file jbo.ts does not exist; check the path",
  },
  { name: "a folder", args: ["run", "."], code: 2, says: "job file . is no file" },
  {
    name: "an unknown param",
    args: ["run", numbers, "--set", "cuont=3"],
    code: 2,
    says: 'did you mean "count"?',
  },
  {
    name: "a param of the wrong kind",
    args: ["run", numbers, "--set", "count=many"],
    code: 2,
    says: 'param "count" (command line) is not a number (got "many")',
  },
  {
    name: "a value that an enum does not have",
    args: ["run", numbers, "--set", "mode=fast"],
    code: 2,
    says: 'is not one of plain, failing (got "fast")',
  },
  {
    name: "a param that must be given",
    args: ["run", jobFile("parquet")],
    code: 2,
    says: "param input=<text> has no value; give --set input=<text>",
  },
  {
    name: "an unknown setting",
    args: ["run", numbers, "--set", "checkpointing.intervall=3s"],
    code: 2,
    says: 'did you mean "checkpointing.interval"?',
  },
  {
    name: "no default export",
    files: { "job.ts": "export const job = 1;" },
    args: ["run", "job.ts"],
    code: 3,
    says: "job.ts has no default export; write export default defineJob(",
  },
  {
    name: "a default export that is no job",
    files: { "job.ts": "export default { name: 'x' };" },
    args: ["run", "job.ts"],
    code: 3,
    says: 'the default export of job.ts is no job (got {"name":"x"})',
  },
  {
    name: "a syntax error",
    files: { "sub/job.ts": "export default {\n  a: b c\n}" },
    args: ["run", "sub/job.ts"],
    code: 3,
    says: /sub\/job\.ts:2:8: Expected "}" but found "c"/,
  },
  {
    name: "a syntax error in an imported file",
    files: { "job.ts": 'import "./lib/a.ts";', "lib/a.ts": "const = 3;" },
    args: ["run", "job.ts"],
    code: 3,
    says: /lib\/a\.ts:1:7: /,
  },
  {
    name: "an imported file that is not there",
    files: { "job.ts": 'import { a } from "./lib/a.ts"; export default a;' },
    args: ["run", "job.ts"],
    code: 3,
    says: /job\.ts:1:19: Could not resolve "\.\/lib\/a\.ts"/,
  },
  {
    name: "a package that is not installed",
    files: { "job.ts": 'import a from "not-installed-here"; export default a;' },
    args: ["run", "job.ts"],
    code: 3,
    says: 'job.ts imports "not-installed-here", which is not installed; run npm install',
  },
  {
    name: "a subpath that the package does not have",
    files: { "job.ts": 'import { a } from "millrace/kafka"; export default a;' },
    args: ["run", "job.ts"],
    code: 3,
    says: "the package millrace has no millrace/kafka",
  },
  {
    name: "a job file that throws",
    files: { "job.ts": 'throw new Error("not today"); export default 1;' },
    args: ["run", "job.ts"],
    code: 3,
    says: "job.ts failed while it was loaded: not today",
  },
  {
    name: "a build that throws",
    files: { "job.ts": THROWING },
    args: ["run", "job.ts"],
    code: 3,
    says: "job throwing: build threw RangeError: too much; correct build",
  },
  {
    name: "a config file with a wrong setting",
    files: { "millrace.config.ts": "export default { paralelism: 2 };", "job.ts": THROWING },
    args: ["run", "job.ts"],
    code: 2,
    says: 'unknown setting "paralelism"; did you mean "parallelism"?',
  },
  {
    name: "a config file with a wrong setting in a stage that is not used",
    files: {
      "millrace.config.ts": "export default { stages: { prod: { parallelism: 0 } } };",
      "job.ts": THROWING,
    },
    args: ["run", "job.ts"],
    code: 2,
    says: 'setting "parallelism" of stage "prod"',
  },
  {
    name: "a config file without a default export",
    files: { "millrace.config.ts": "export const parallelism = 2;", "job.ts": THROWING },
    args: ["run", "job.ts"],
    code: 2,
    says: "millrace.config.ts has no default export; write export default defineConfig(",
  },
  {
    name: "a config file that does not exist",
    args: ["run", numbers, "--config", "my.config.ts"],
    code: 2,
    says: "config file my.config.ts does not exist",
  },
  {
    name: "an unknown stage",
    files: { "my.config.ts": "export default { stages: { prod: { parallelism: 2 } } };" },
    args: ["run", numbers, "--config", "my.config.ts", "--stage", "prd"],
    code: 2,
    says: 'the config file has no stage "prd"; did you mean "prod"?',
  },
  {
    name: "a report that is none",
    files: { "report.ts": "export default 3;" },
    args: ["run", numbers, "--report", "report.ts"],
    code: 2,
    says: "the default export of report.ts is no report (got 3)",
  },
  {
    name: "a checkpoint directory below a file",
    files: { file: "" },
    args: ["run", numbers, "--checkpoint-dir", "file/checkpoints"],
    code: 1,
    says: /cannot (write|lock) \S*file\/checkpoints\S* \(ENOTDIR\).*choose another/,
  },
  {
    name: "an output directory that cannot be made",
    files: { out: "" },
    args: ["run", numbers, "--set", "restart=none"],
    code: 1,
    says: 'cannot write to the folder "out" (a part of the path is a file, not a folder); choose',
  },
  {
    name: "a checkpoint to start from, where there is none",
    args: ["run", numbers, "--from", "latest"],
    code: 4,
    says: "there is no checkpoint in .millrace/numbers; run without --from",
  },
  {
    name: "a Parquet file that is none",
    files: { "data.parquet": "this is plain text, and long enough to be read as a footer" },
    args: ["run", jobFile("parquet"), "--set", "input=data.parquet"],
    code: 1,
    says: /data\.parquet/,
  },
  {
    name: "a Parquet file that does not exist",
    args: ["run", jobFile("parquet"), "--set", "input=data.parquet"],
    code: 1,
    says: /data\.parquet/,
  },
];

describe("a mistake gets one line that says what to do", () => {
  test.concurrent.each(cases)("$name", async ({ files = {}, args, code, says }) => {
    const folder = emptyFolder();
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const result = await millrace(folder, ...args);
    const [line = "", ...rest] = result.stderr.trimEnd().split("\n").filter(isError);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
    expect(rest).toEqual([]);
    expect(line).toMatch(/^error: .* \([A-Z_]+\)$/);
    expect(line).toMatch(says);
  });
});

/** Notices may come before the error, but nothing else may. */
function isError(line: string): boolean {
  return !/^(?:the job failed and restarts|restarted|starting afresh|continuing|operator \S+ has no uid)/.test(
    line,
  );
}

describe("an error of user code", () => {
  test("is one line without --verbose", async () => {
    const { code, stderr } = await millrace(
      emptyFolder(),
      "run",
      numbers,
      "--set",
      "mode=failing",
      "--set",
      "restart=none",
    );
    const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
    expect(code).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("TypeError: seven is not liked; --verbose shows where");
    expect(stderr).not.toContain("    at ");
  });

  test("shows the line of the job file with --verbose", async () => {
    const source = await readFile(numbers, "utf8");
    const line = source.split("\n").findIndex((text) => text.includes("seven is")) + 1;
    const args = ["run", numbers, "--set", "mode=failing", "--set", "restart=none", "--verbose"];
    const { stderr } = await millrace(emptyFolder(), ...args);
    expect(stderr).toContain(`${numbers}:${line}:`);
  });

  test("shows the file that the job file imports", async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "lib"));
    writeFileSync(
      join(folder, "lib/parse.ts"),
      "// one\n\nexport function parse(text: string) {\n  return JSON.parse(text);\n}\n",
    );
    writeFileSync(
      join(folder, "job.ts"),
      'import { defineJob } from "millrace";\nimport { parse } from "./lib/parse.ts";\nexport default defineJob({ name: "parsing", restart: { kind: "none" }, build: (env) => void env.fromCollection(["{"]).map(parse).print() });\n',
    );
    const { code, stderr } = await millrace(folder, "run", "job.ts", "-v");
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(folder, "lib/parse.ts")}:4:15`);
  });
});

describe("a Parquet file that is cut short", () => {
  test("is named, with what to do", async () => {
    const folder = emptyFolder();
    const bytes = await readFile("node_modules/vega-datasets/data/flights-3m.parquet");
    writeFileSync(join(folder, "data.parquet"), bytes.subarray(0, bytes.length / 2));
    const result = await millrace(folder, "run", jobFile("parquet"), "--set", "input=data.parquet");
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^error: .*data\.parquet.*; .*\(PARQUET_[A-Z]+\)$/m);
    expect(result.stderr).not.toContain("    at ");
  });
});
