import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const WRITE = "MILLRACE_WRITE_FIXTURES";

/**
 * A file of `name<TAB>text` lines under `test/fixtures/record`, one per fixture. With
 * `MILLRACE_WRITE_FIXTURES=1` in the environment missing lines are added; a line that is there is
 * never changed, since these bytes are promised to be read for ever.
 */
export class FixtureFile {
  readonly #path: string;
  readonly #lines: Map<string, string>;

  constructor(name: string) {
    this.#path = fileURLToPath(new URL(`../../fixtures/record/${name}`, import.meta.url));
    const text = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "";
    this.#lines = new Map(text.split("\n").filter(Boolean).map(parseLine));
  }

  get names(): string[] {
    return [...this.#lines.keys()];
  }

  /** The stored text of a fixture; `made` is what is written when it is missing and may be. */
  read(name: string, made: string): string {
    const stored = this.#lines.get(name);
    if (stored !== undefined) return stored;
    if (process.env[WRITE] !== "1") {
      throw new Error(
        `no fixture "${name}" in ${this.#path}; run the test with ${WRITE}=1 to add it`,
      );
    }
    this.#lines.set(name, made);
    writeFileSync(this.#path, [...this.#lines].map((line) => `${line.join("\t")}\n`).join(""));
    return made;
  }
}

function parseLine(line: string): [string, string] {
  const [name = "", ...rest] = line.split("\t");
  return [name, rest.join("\t")];
}
