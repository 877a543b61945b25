import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { DispatcherReport, DispatcherRun } from "./dispatcher-script.ts";

/** A dispatcher of its own, to be killed. */
export class DispatcherProcess {
  readonly reports: DispatcherReport[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals | null>;
  #onReport: () => void = () => undefined;

  constructor(script: string, run: DispatcherRun) {
    this.#child = spawn(process.execPath, [script, JSON.stringify(run)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (this.#child.stdout !== null) {
      createInterface(this.#child.stdout).on("line", (line) => {
        this.reports.push(JSON.parse(line) as DispatcherReport);
        this.#onReport();
      });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        resolve(code ?? signal);
        this.#onReport();
      });
    });
  }

  /** SIGKILL after so many reports of a kind; resolves as `end`. */
  async killAfter(count: number, kind: DispatcherReport["kind"] = "invocation"): Promise<boolean> {
    let reports = 0;
    let seen = 0;
    let over = false;
    void this.#ended.then(() => (over = true));
    while (reports < count && !over) {
      await new Promise<void>((resolve) => {
        this.#onReport = resolve;
        if (this.reports.length > seen) resolve();
      });
      for (; seen < this.reports.length; seen += 1) {
        if (this.reports[seen]?.kind === kind) reports += 1;
      }
    }
    this.#child.kill("SIGKILL");
    return this.end();
  }

  /** Whether it has ended by itself, and well; false: it was killed. */
  async end(): Promise<boolean> {
    const ending = await this.#ended;
    if (ending === "SIGKILL") return false;
    if (ending !== 0) throw new Error(`the dispatcher ended with ${ending}`);
    return true;
  }
}
