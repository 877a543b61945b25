import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ProcessOptions } from "./port-work.ts";

/** A script in `directory` that does what its first argument, a ProcessOptions as JSON, says. */
export async function bundleProcess(directory: string): Promise<string> {
  const outfile = join(directory, "process.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./port-process.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "error",
  });
  return outfile;
}

/** A process that works until it is killed. */
export class LiveProcess {
  /** What it printed, whole lines only. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<string | null>;
  #rest = "";
  #errors = "";
  #onLines: () => void = () => undefined;

  constructor(script: string, options: ProcessOptions) {
    this.#child = spawn(process.execPath, [script, JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#take(chunk.toString()));
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()));
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", (_code, signal) => resolve(signal));
    });
  }

  /** Kills it, without warning, as soon as it has printed so many lines. */
  async killAfter(lines: number): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#onLines = () => {
        if (this.lines.length >= lines) resolve();
      };
      this.#onLines();
    });
    await Promise.race([reached, this.#ended]);
    this.#child.kill("SIGKILL");
    const signal = await this.#ended;
    if (signal !== "SIGKILL") throw new Error(`the process ended by itself: ${this.#errors}`);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    this.lines.push(...lines);
    this.#onLines();
  }
}
