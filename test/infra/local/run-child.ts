import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A Node process that runs `source`, TypeScript whose imports are relative to the project. */
export async function runChild(
  directory: string,
  source: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const result = await build({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
  });
  const script = join(directory, `child-${process.hrtime.bigint()}.mjs`);
  await writeFile(script, result.outputFiles[0]?.contents ?? "");
  return spawn(process.execPath, [script, ...args], { stdio: ["pipe", "pipe", "inherit"] });
}

/** Resolves when the child has printed `line`; rejects when it ends before. */
export function printed(child: ChildProcess, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(`${line}\n`)) resolve();
    });
    child.once("exit", (code) => reject(new Error(`child ended (${code}) and printed ${text}`)));
  });
}

/** How the child ended: its exit code, or the signal. */
export function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve(child.exitCode ?? child.signalCode);
  }
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
}
