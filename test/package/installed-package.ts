import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A new project with the packed package in its node_modules, as npm would install it, but without a
 * network: of this project's packages it sees those only that `dependencies` names.
 */
export class InstalledPackage {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "millrace-installed-"));
    this.write("package.json", JSON.stringify({ name: "revenue", version: "1.0.0" }));
    const installed = join(this.folder, "node_modules/millrace");
    mkdirSync(installed, { recursive: true });
    this.#unpack(installed);
    const { dependencies, bin } = JSON.parse(
      readFileSync(join(installed, "package.json"), "utf8"),
    ) as { dependencies: Record<string, string>; bin: { millrace: string } };
    for (const name of [...Object.keys(dependencies), "@types/node"]) this.#link(name);
    const target = join(installed, bin.millrace);
    chmodSync(target, 0o755);
    mkdirSync(join(this.folder, "node_modules/.bin"));
    symlinkSync(target, join(this.folder, "node_modules/.bin/millrace"));
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  /** `millrace ...` in the project, by its bin. */
  millrace(...args: readonly string[]): SpawnSyncReturns<string> {
    return this.#run(join(this.folder, "node_modules/.bin/millrace"), args);
  }

  node(...args: readonly string[]): SpawnSyncReturns<string> {
    return this.#run(process.execPath, args);
  }

  /** The compiler's messages; "" when everything is right. */
  compile(files: readonly string[], compilerOptions: object): string {
    const config = { compilerOptions, files };
    this.write("tsconfig.json", JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout, stderr } = this.node(tsc, "-p", ".", "--pretty", "false");
    return stdout + stderr;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #unpack(target: string): void {
    // dist is there already: `prepare` would build it again.
    const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", this.folder];
    const packed = spawnSync("npm", args, { cwd: root, encoding: "utf8" });
    const [{ filename } = { filename: "" }] = JSON.parse(packed.stdout) as { filename: string }[];
    const tar = ["-xzf", join(this.folder, filename), "--strip-components=1", "-C", target];
    const unpacked = spawnSync("tar", tar, { encoding: "utf8" });
    if (unpacked.status !== 0) throw new Error(`tar failed: ${unpacked.stderr}`);
  }

  #link(name: string): void {
    const path = join(this.folder, "node_modules", name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(root, "node_modules", name), path);
  }

  #run(command: string, args: readonly string[]): SpawnSyncReturns<string> {
    const env = { ...process.env, NO_COLOR: "1" };
    return spawnSync(command, args, { cwd: this.folder, encoding: "utf8", env });
  }
}
