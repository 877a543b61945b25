// Compiles the package into dist/. Runs on `npm ci` (prepare), so that the bin works on a fresh
// clone. A build that fails leaves the last one as it was.
import { spawnSync } from "node:child_process";
import { chmodSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = `${root}node_modules/typescript/bin/tsc`;
const draft = `${root}.dist-${process.pid}`;

function compile() {
  const args = [tsc, "-p", "tsconfig.build.json", "--outDir", draft, "--noEmitOnError"];
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
}

function publish() {
  chmodSync(`${draft}/cli/main.js`, 0o755);
  const old = `${draft}-old`;
  try {
    renameSync(`${root}dist`, old);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  renameSync(draft, `${root}dist`);
  rmSync(old, { recursive: true, force: true });
}

try {
  process.exitCode = compile();
  if (process.exitCode === 0) publish();
} finally {
  rmSync(draft, { recursive: true, force: true });
}
