import { join } from "node:path";
import { buildJob } from "../core/api/build-job.ts";
import type { JobEvent, JobResult } from "../infra/local/job-events.ts";
import type { JobHandle } from "../infra/local/run-job.ts";
import type { RunArguments } from "./command-line.ts";
import { errorLines } from "./error-lines.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { loadReport } from "./load-report.ts";
import { Interruption } from "./interruption.ts";
import { type JobToBuild, loadJobWithOptions } from "./job-options.ts";
import { ProgressMeter } from "./progress.ts";
import type { Reporter } from "./reporter.ts";
import { resumeCommand } from "./resume-command.ts";
import { summarize } from "./run-summary.ts";
import { type StartedJob, startJob } from "./start-job.ts";
import type { Terminal } from "./terminal.ts";

/** Runs a job until it ends or is interrupted. Rejects when it cannot start or has failed. */
export async function run(
  args: RunArguments,
  argv: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  let current: CommandRun | null = null;
  const interruption = new Interruption(
    () => (current === null ? terminal.exit(EXIT.interrupted) : current.stop()),
    () => current?.exit("stopped at once"),
  );
  terminal.onClosed(() => current?.exit("standard output was closed, so the job was ended"));
  try {
    const loaded = await loadJobWithOptions(args);
    const checkpointDir = args.checkpointDir ?? defaultDirectory(loaded.job.name, args);
    const reporter = terminal.reporter(loaded.job.name, args);
    current = new CommandRun({
      args,
      argv,
      terminal,
      reporter,
      checkpointDir,
      loaded,
      interruption,
    });
    return await current.run();
  } finally {
    interruption.release();
  }
}

/** What one host keeps is nothing for the other. */
function defaultDirectory(job: string, { host }: RunArguments): string {
  return join(".millrace", host === "functions" ? `${job}.functions` : job);
}

interface CommandRunOptions {
  readonly args: RunArguments;
  readonly argv: readonly string[];
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  readonly checkpointDir: string;
  readonly loaded: JobToBuild;
  readonly interruption: Interruption;
}

/**
 * One `millrace run`.
 *
 *   CR1  the first interruption takes a last checkpoint, the second ends the process at once
 *   CR2  after an interruption the user is told the command that goes on
 *   CR3  when nobody reads standard output any more, no checkpoint is taken over what was printed
 *        since the last one
 */
class CommandRun {
  readonly #options: CommandRunOptions;
  readonly #meter = new ProgressMeter(Date.now());
  #started: StartedJob | null = null;
  #restoredFrom: number | null = null;

  constructor(options: CommandRunOptions) {
    this.#options = options;
  }

  async run(): Promise<ExitCode> {
    const { reporter, terminal } = this.#options;
    try {
      return await this.#runToEnd();
    } finally {
      reporter.close();
      await terminal.out.flush();
    }
  }

  /** The first interruption. */
  stop(): void {
    const handle = this.#started?.handle ?? null;
    if (handle === null) {
      this.exit("stopped before the job started");
      return;
    }
    this.#options.reporter.note("stopping: a last checkpoint is taken; Ctrl-C again stops at once");
    handle.stop().catch((error: unknown) => {
      // The job ended by itself, or failed: then its result says more.
      const { state } = handle.status();
      if (state !== "running" && state !== "restarting") return;
      this.exit(`stopped without a last checkpoint: ${errorLines(error, false).join(" ")}`);
    });
  }

  /** Ends the process; what is not in a checkpoint is dropped and comes again (CR1). */
  exit(reason: string): void {
    const { reporter, terminal } = this.#options;
    this.#started?.abandon();
    reporter.note(reason);
    this.#tellHowToGoOn(this.#started?.handle.status().lastCheckpoint ?? null);
    reporter.close();
    terminal.exit(EXIT.interrupted);
  }

  async #runToEnd(): Promise<ExitCode> {
    const { args, checkpointDir, loaded, reporter, interruption } = this.#options;
    const { program, params } = buildJob(loaded.job, loaded.options);
    const report = args.report === null ? null : await loadReport(args.report);
    const onEvent = (event: JobEvent): void => this.#onEvent(event);
    const started = await startJob({ args, loaded, checkpointDir, onEvent });
    this.#started = started;
    const { handle } = started;
    const timer = setInterval(() => this.#reportProgress(handle), reporter.periodMs);
    let result: JobResult;
    try {
      result = await handle.result;
    } finally {
      clearInterval(timer);
    }
    const peakMemoryBytes = process.resourceUsage().maxRSS * 1_024;
    const restoredFrom = this.#restoredFrom;
    const { plan } = program;
    const about = { plan, params, result, restoredFrom, checkpointDir, peakMemoryBytes };
    const summary = summarize(about);
    reporter.summary(summary);
    if (!interruption.interrupted || result.state === "finished") {
      if (report !== null) reporter.report(await report(summary));
      return EXIT.ok;
    }
    this.#tellHowToGoOn(result.lastCheckpoint);
    return EXIT.interrupted;
  }

  #onEvent(event: JobEvent): void {
    const { terminal, reporter, args } = this.#options;
    if (event.kind === "print" && !args.json) {
      terminal.out.write(event.line);
      return;
    }
    if (event.kind === "started") this.#restoredFrom = event.restoredFrom;
    if (event.kind === "checkpoint") this.#meter.checkpointCompleted(Date.now());
    reporter.event(event);
  }

  #reportProgress(handle: JobHandle): void {
    this.#options.reporter.progress(this.#meter.look(handle.status(), Date.now()));
  }

  #tellHowToGoOn(lastCheckpoint: number | null): void {
    const { argv, args, reporter } = this.#options;
    if (args.host === "functions") {
      // It goes on where it was, without going back to a checkpoint.
      reporter.note(`go on with: ${resumeCommand(argv, false)}`);
      return;
    }
    const command = resumeCommand(argv, lastCheckpoint !== null);
    reporter.note(
      lastCheckpoint === null
        ? `there is no checkpoint; start again with: ${command}`
        : `go on from checkpoint ${lastCheckpoint} with: ${command}`,
    );
  }
}
