// Prices, latency and overhead of the functions host: `npm run bench:functions [-- <results file>]`.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = `${root}node_modules/.cache/millrace-bench`;
mkdirSync(out, { recursive: true });
buildSync({
  entryPoints: [`${root}bench/functions/main.ts`],
  outfile: `${out}/functions.mjs`,
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  sourcemap: "inline",
  logLevel: "error",
});
const args = ["--expose-gc", `${out}/functions.mjs`, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
