import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const bin = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** What is done when the tests of a file are over; tests may run side by side. */
const cleanups: (() => void)[] = [];
afterAll(() => {
  for (const clean of cleanups) clean();
});

/** The path of a job file in `test/cli/jobs`. */
export function jobFile(name: string): string {
  return fileURLToPath(new URL(`jobs/${name}.ts`, import.meta.url));
}

/** An empty folder that is removed in the end. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as a process of its own, in the folder `cwd`. */
export class Millrace {
  readonly ended: Promise<Finished>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #stdout = "";
  #stderr = "";

  constructor(cwd: string, args: readonly string[]) {
    const env = { ...process.env, NO_COLOR: "1", npm_command: "" };
    this.#child = spawn(process.execPath, [bin, ...args], { cwd, env });
    cleanups.unshift(() => this.#child.kill("SIGKILL"));
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#heard((this.#stdout += chunk)));
    this.#child.stderr?.on("data", (chunk: Buffer) => this.#heard((this.#stderr += chunk)));
    this.ended = new Promise((resolve) => {
      this.#child.on("close", (code) =>
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  /** Resolves when the text is on standard output or standard error. */
  async says(text: string | RegExp): Promise<void> {
    const heard = (): boolean => {
      const all = this.#stdout + this.#stderr;
      return typeof text === "string" ? all.includes(text) : text.test(all);
    };
    let over = false;
    void this.ended.then(() => (over = true));
    while (!heard()) {
      if (over) throw new Error(`ended without ${String(text)}:\n${this.#stdout}${this.#stderr}`);
      await Promise.race([this.ended, new Promise<void>((resolve) => this.#waiting.add(resolve))]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As a reader that has seen enough, such as `head`. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  #heard(_text: string): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export function millrace(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return new Millrace(cwd, args).ended;
}
