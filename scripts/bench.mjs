// Runs the benchmarks: `npm run bench [-- <results file>]`. Bundles bench/ as a user's job would be.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = `${root}node_modules/.cache/millrace-bench`;
mkdirSync(out, { recursive: true });
buildSync({
  entryPoints: ["run", "flights-by-hand", "slow-sink"].map((name) => `${root}bench/${name}.ts`),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  logLevel: "error",
});
const args = ["--expose-gc", `${out}/run.mjs`, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
