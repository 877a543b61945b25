import { Command, CommanderError, Option } from "commander";
import { settingTable } from "../core/api/setting-table.ts";
import { UsageError, show } from "../core/errors.ts";
import type { LocalHost } from "../infra/local/host-of-directory.ts";

/** What `run` and `explain` have in common: which job, and with which params and settings. */
export interface JobArguments {
  readonly job: string;
  readonly set: Readonly<Record<string, string>>;
  readonly parallelism: number | null;
  readonly stage: string | null;
  readonly config: string | null;
  readonly verbose: boolean;
}

export interface RunArguments extends JobArguments {
  readonly checkpointDir: string | null;
  /** As `RunJobOptions.from`. */
  readonly from: string | null;
  readonly allowNonRestoredState: boolean;
  readonly host: LocalHost;
  /** Processes of the functions host; null: its default. */
  readonly workers: number | null;
  readonly json: boolean;
  readonly quiet: boolean;
  /** A module that has the last word about a finished job. */
  readonly report: string | null;
}

const HOSTS = ["embedded", "functions"] as const satisfies readonly LocalHost[];
export const FORMATS = ["text", "json", "mermaid"] as const;
export const GRAPHS = ["stream", "job", "execution"] as const;

export interface ExplainArguments extends JobArguments {
  readonly format: (typeof FORMATS)[number];
  /** Null: all of them. */
  readonly graph: (typeof GRAPHS)[number] | null;
}

export type CommandLine =
  | { readonly kind: "run"; readonly arguments: RunArguments }
  | { readonly kind: "explain"; readonly arguments: ExplainArguments }
  /** Help or the version. With a job, its params are part of the help. */
  | { readonly kind: "print"; readonly text: string; readonly job: string | null };

interface RawOptions {
  readonly set?: Readonly<Record<string, string>>;
  readonly parallelism?: number;
  readonly stage?: string;
  readonly config?: string;
  readonly verbose?: true;
  readonly help?: true;
  readonly checkpointDir?: string;
  readonly from?: string;
  readonly fresh?: true;
  readonly allowNonRestoredState?: true;
  readonly host?: LocalHost;
  readonly workers?: number;
  readonly json?: true;
  readonly quiet?: true;
  readonly report?: string;
  readonly format?: (typeof FORMATS)[number];
  readonly graph?: (typeof GRAPHS)[number];
}

/**
 * Reads a command line (without `node` and the script).
 *
 * @throws UsageError USAGE_COMMAND_LINE for what is unknown, missing or does not go together
 */
export function parseCommandLine(argv: readonly string[], version: string): CommandLine {
  let result: CommandLine | null = null;
  let printed = "";
  const program = millraceCommand(version, (text) => (printed += text));
  runCommand(program, (line) => (result = line));
  explainCommand(program, (line) => (result = line));
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (argv.length === 0) throw usage("no command is given", "see millrace --help");
    const command = program.commands.find((each) => each.name() === argv[0])?.name() ?? "";
    if (error.exitCode !== 0) throw refused(error, command, argv);
  }
  return result ?? { kind: "print", text: printed, job: null };
}

function millraceCommand(version: string, print: (text: string) => void): Command {
  return new Command("millrace")
    .description("Runs stream processing jobs: Apache Flink's semantics in TypeScript.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .configureOutput({ writeOut: print, writeErr: print, outputError: () => {} })
    .exitOverride()
    .addHelpText("after", EXIT_CODES);
}

const EXIT_CODES = `
Exit codes: 0 ok, 1 the job failed, 2 usage, 3 plan, 4 restore, 130 interrupted.
"millrace run <job> --help" also shows the params of the job.`;

function runCommand(program: Command, found: (line: CommandLine) => void): void {
  const command = jobCommand(program, "run")
    .description("Runs a job on this machine until its sources end or Ctrl-C is pressed.")
    .addOption(
      new Option("--host <host>", "in this process, or as functions in many").choices(HOSTS),
    )
    .option(
      "--workers <n>",
      "processes of --host functions (default: 1 per core, at most 4)",
      readWorkers,
    )
    .option("-d, --checkpoint-dir <dir>", "where checkpoints lie (default: .millrace/<job name>)")
    .option("--from <checkpoint>", "start from latest, from a name such as chk-7, or from a path")
    .addOption(new Option("--fresh", "start from the beginning").conflicts("from"))
    .option("--allow-non-restored-state", "drop state of operators that the job no longer has")
    .option("--json", "print one JSON object a line for everything that happens")
    .option("--report <file>", "print what this file makes of the finished job (defineReport)")
    .option("-q, --quiet", "print no progress and no summary");
  command.action((job: string | undefined, options: RawOptions) => {
    found(
      asHelp(command, job, options) ?? {
        kind: "run",
        arguments: {
          ...jobArguments(job, options),
          checkpointDir: options.checkpointDir ?? null,
          from: options.fresh === true ? "fresh" : (options.from ?? null),
          allowNonRestoredState: options.allowNonRestoredState ?? false,
          ...hostArguments(options),
          json: options.json ?? false,
          quiet: options.quiet ?? false,
          report: options.report ?? null,
        },
      },
    );
  });
}

function explainCommand(program: Command, found: (line: CommandLine) => void): void {
  const command = jobCommand(program, "explain")
    .description("Shows the plan of a job: graphs, settings with their origin, guarantees.")
    .addOption(new Option("--format <format>", "how to print the plan").choices(FORMATS))
    .addOption(new Option("--json", "the same as --format json").conflicts("format"))
    .addOption(new Option("--graph <graph>", "print this graph only").choices(GRAPHS));
  command.action((job: string | undefined, options: RawOptions) => {
    found(
      asHelp(command, job, options) ?? {
        kind: "explain",
        arguments: {
          ...jobArguments(job, options),
          format: options.json === true ? "json" : (options.format ?? "text"),
          graph: options.graph ?? null,
        },
      },
    );
  });
}

/** The help option is one of ours, because the help of a job needs the job. */
function jobCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .argument("[job]", "the job file, TypeScript or JavaScript")
    .helpOption(false)
    .option("-s, --set <name=value>", "set a param or a setting; may be repeated", collectSet)
    .option("-p, --parallelism <n>", "subtasks of every operator that sets none", readParallelism)
    .option("--stage <name>", "the stage of the config file")
    .option("--config <file>", "the config file (default: the nearest millrace.config.ts)")
    .option("-v, --verbose", "print where errors come from")
    .option("-h, --help", "print this help, with the params of the job");
}

function asHelp(
  command: Command,
  job: string | undefined,
  options: RawOptions,
): CommandLine | null {
  if (options.help !== true) return null;
  return { kind: "print", text: command.helpInformation(), job: job ?? null };
}

function jobArguments(job: string | undefined, options: RawOptions): JobArguments {
  if (job === undefined) throw usage("no job file is given", "for instance millrace run job.ts");
  return {
    job,
    set: options.set ?? {},
    parallelism: options.parallelism ?? null,
    stage: options.stage ?? null,
    config: options.config ?? null,
    verbose: options.verbose ?? false,
  };
}

function hostArguments({ host = "embedded", workers }: RawOptions): {
  readonly host: LocalHost;
  readonly workers: number | null;
} {
  if (host === "embedded" && workers !== undefined) {
    throw usage("--workers is of --host functions", "add --host functions, or leave it out");
  }
  return { host, workers: workers ?? null };
}

function readWorkers(text: string): number {
  const workers = Number(text);
  if (Number.isInteger(workers) && workers >= 1 && workers <= WORKERS_MAX) return workers;
  throw usage(
    `--workers is no number of processes (got ${show(text)})`,
    `give 1 to ${WORKERS_MAX}`,
  );
}

const WORKERS_MAX = 64;

function collectSet(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at <= 0) {
    throw usage(`--set needs a name and a value (got ${show(text)})`, "write --set name=value");
  }
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function readParallelism(text: string): number {
  return settingTable.parallelism.parse(text, "--parallelism");
}

/** Commander's message in our form; it has found the nearest option or command already. */
function refused(error: CommanderError, command: string, argv: readonly string[]): UsageError {
  const [message = "", suggestion = ""] = error.message.replace(/^error: /, "").split("\n");
  const [named = "", other = ""] = [...message.matchAll(/--[a-z-]+/g)].map(([name]) => name);
  const nearest = /^\(Did you mean (.+)\?\)$/.exec(suggestion)?.[1];
  const help = `see millrace ${command === "" ? "" : `${command} `}--help`;
  switch (error.code) {
    case "commander.optionMissingArgument":
      return usage(`${named} has no value`, help);
    case "commander.conflictingOption":
      return usage(`${named} and ${other} exclude each other`, "leave one of them out");
    case "commander.invalidArgument":
      return usage(...choices(named, message));
    case "commander.excessArguments":
      return usage("there is more than one job file", `quote names with spaces; ${help}`);
    case "commander.unknownOption":
      return usage(
        `unknown option ${named === "" ? message.replace(/^.* /, "").replaceAll("'", "") : named}`,
        nearest === undefined
          ? `params are given as --set name=value; ${help}`
          : `did you mean ${nearest}?`,
      );
    case "commander.help":
      return unknownCommand(argv.at(-1) ?? "", null);
    case "commander.unknownCommand":
      return unknownCommand(/'(.*)'/.exec(message)?.[1] ?? "", nearest ?? null);
    default:
      return usage(message, help);
  }
}

function unknownCommand(name: string, nearest: string | null): UsageError {
  return usage(
    `unknown command ${name}`,
    nearest === null ? "there are run and explain" : `did you mean ${nearest}?`,
  );
}

/** `option '--format <format>' argument 'x' is invalid. Allowed choices are text, json.` */
function choices(option: string, message: string): [string, string] {
  const [, given = "", allowed = ""] =
    /argument '(.*)' is invalid\. .* are (.*)\.$/.exec(message) ?? [];
  return [`${option} cannot be ${show(given)}`, `choose one of ${allowed}`];
}

function usage(message: string, hint: string): UsageError {
  return new UsageError(message, { code: "USAGE_COMMAND_LINE", hint });
}
