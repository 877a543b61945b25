#!/usr/bin/env node
import { createRequire } from "node:module";
import { type CommandLine, parseCommandLine } from "./command-line.ts";
import { errorLines } from "./error-lines.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-code.ts";
import { explain } from "./explain-command.ts";
import { jobHelp } from "./job-help.ts";
import { jsonErrorLine } from "./json-reporter.ts";
import { loadJob } from "./load-job.ts";
import { run } from "./run-command.ts";
import { Terminal } from "./terminal.ts";

/** Reads the command line, does what it says, and resolves with the exit code. */
async function main(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await execute(parseCommandLine(argv, version()), argv, terminal);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (isJsonRun(argv)) terminal.out.write(jsonErrorLine(error, exitCode));
    terminal.errors(errorLines(error, isVerbose(argv)));
    return exitCode;
  } finally {
    await terminal.out.flush();
  }
}

async function execute(
  line: CommandLine,
  argv: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  switch (line.kind) {
    case "run":
      return run(line.arguments, argv, terminal);
    case "explain":
      terminal.out.write((await explain(line.arguments)).trimEnd());
      return EXIT.ok;
    case "print": {
      terminal.out.write(line.text.trimEnd());
      if (line.job === null) return EXIT.ok;
      const { job } = await loadJob(line.job);
      terminal.out.write(`\n${jobHelp(job, line.job).trimEnd()}`);
      return EXIT.ok;
    }
  }
}

/** The command line may be the error, so it is not asked. */
function isVerbose(argv: readonly string[]): boolean {
  return argv.includes("--verbose") || argv.includes("-v");
}

function isJsonRun(argv: readonly string[]): boolean {
  return argv[0] === "run" && argv.includes("--json");
}

function version(): string {
  const { version: text } = createRequire(import.meta.url)("millrace/package.json") as {
    readonly version: string;
  };
  return text;
}

const argv = process.argv.slice(2);
const terminal = new Terminal(process);
process.on("uncaughtException", (error) => {
  terminal.errors(errorLines(error, isVerbose(argv)));
  terminal.exit(EXIT.jobFailed);
});
// A source or a timer of user code may still hold the event loop.
terminal.exit(await main(argv, terminal));
