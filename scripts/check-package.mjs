// Checks what `npm pack` would publish: exports, types as seen from outside, and which files.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-pack-"));

function run(command, args, stdio) {
  const result = spawnSync(command, args, { cwd: root, stdio, encoding: "utf8" });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed\n${result.stderr ?? ""}`);
  return result.stdout;
}

function bin(name) {
  return join(root, "node_modules", ".bin", name);
}

/** Folders and files at the top of the package. Everything else would be there by mistake. */
const EXPECTED = ["LICENSE", "README.md", "dist", "docs", "package.json"];

try {
  // dist is there already: `prepare` would build it again.
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [packed] = JSON.parse(run("npm", args, ["ignore", "pipe", "pipe"]));
  const tops = [...new Set(packed.files.map(({ path }) => path.split("/")[0]))];
  const odd = tops.filter((top) => !EXPECTED.includes(top));
  if (odd.length > 0) throw new Error(`the package would hold ${odd.join(", ")}`);
  const tarball = join(folder, packed.filename);
  run(bin("publint"), ["run", tarball, "--strict"], "inherit");
  run(bin("attw"), [tarball, "--profile", "esm-only"], "inherit");
  process.stdout.write(`${packed.files.length} files, ${packed.size} bytes packed\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
