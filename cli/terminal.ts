import colors from "picocolors";
import type { RunArguments } from "./command-line.ts";
import type { ExitCode } from "./exit-code.ts";
import { JsonReporter } from "./json-reporter.ts";
import { LiveReporter } from "./live-reporter.ts";
import { OutputLines } from "./output-lines.ts";
import { PlainReporter } from "./plain-reporter.ts";
import { QuietReporter } from "./quiet-reporter.ts";
import type { Reporter } from "./reporter.ts";

/**
 * The standard streams of the command.
 *
 *   TE1  results (printed records, plans, help, JSON) go to standard output, all else to standard
 *        error, so that a pipe gets results only
 *   TE2  the live lines are taken away before anything else is written
 */
export class Terminal {
  readonly out: OutputLines;
  readonly #process: NodeJS.Process;
  #live: LiveReporter | null = null;
  #onClosed: () => void;

  constructor(of: NodeJS.Process) {
    this.#process = of;
    this.#onClosed = (): void => undefined;
    this.out = new OutputLines(
      of.stdout,
      () => this.#onClosed(),
      () => this.#live?.hide(),
    );
    // Whoever closed standard error does not want to read; there is nobody to tell.
    of.stderr.on("error", () => {});
  }

  /** Calls `react` when nobody reads standard output any more. */
  onClosed(react: () => void): void {
    this.#onClosed = react;
  }

  reporter(job: string, args: RunArguments): Reporter {
    const print = (line: string): void => this.out.write(line);
    if (args.json) return new JsonReporter(print, args.verbose);
    const write = (line: string): void => this.error(line);
    if (args.quiet) return new QuietReporter(write, print);
    const { stderr } = this.#process;
    if (!stderr.isTTY) return new PlainReporter(write, print, Date.now);
    this.#live = new LiveReporter(stderr, print, job, colors.createColors(this.#isColored()));
    return this.#live;
  }

  error(line: string): void {
    this.#process.stderr.write(`${line}\n`);
  }

  /** `error: ...`, red on a terminal. */
  errors(lines: readonly string[]): void {
    const { red } = colors.createColors(this.#isColored());
    lines.forEach((line, at) => this.error(at === 0 ? `${red("error:")} ${line}` : line));
  }

  exit(code: ExitCode): void {
    this.#process.exit(code);
  }

  #isColored(): boolean {
    const { env, stderr } = this.#process;
    if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
    return (stderr.isTTY && env["TERM"] !== "dumb") || (env["FORCE_COLOR"] ?? "0") !== "0";
  }
}
