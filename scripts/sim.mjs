// Runs the simulator: `npm run sim -- --seed 1 --turns 20000 [--job name]`. Bundles test/sim/main.ts
// with the canaries of test/sim in place of the engine's, which do nothing.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = `${root}node_modules/.cache/millrace-sim`;

/** Modules, by the end of their path, and what stands in for them if it exists. */
const standIns = [["core/protocol/canaries.ts", `${root}test/sim/canaries.ts`]];

const standInPlugin = {
  name: "stand-ins",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /\.ts$/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === "resolved") return undefined;
      const found = await resolve(path, { importer, resolveDir, kind, pluginData: "resolved" });
      const standIn = standIns.find(([end]) =>
        found.path.replaceAll("\\", "/").endsWith(`/${end}`),
      );
      if (standIn === undefined || importer === standIn[1] || !existsSync(standIn[1])) return found;
      return { path: standIn[1] };
    });
  },
};

mkdirSync(out, { recursive: true });
await build({
  entryPoints: [`${root}test/sim/main.ts`],
  outfile: `${out}/main.mjs`,
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  sourcemap: "inline",
  logLevel: "error",
  plugins: [standInPlugin],
});
const args = ["--enable-source-maps", `${out}/main.mjs`, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
