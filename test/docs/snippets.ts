import { readFileSync, readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A TypeScript block of a page. */
export interface Snippet {
  /** `docs/guide/writing-a-job.md` */
  readonly page: string;
  /** Line of the page on which the block's first line stands, from 1. */
  readonly line: number;
  /** What stands behind `ts` on the fence. */
  readonly info: string;
  readonly code: string;
}

/** A snippet as a module that compiles, and how many lines it has that are not its own. */
export interface SnippetModule {
  readonly snippet: Snippet;
  readonly file: string;
  readonly text: string;
  readonly linesBefore: number;
}

/** README and the pages of the guide, relative to the root. */
export function pages(): readonly string[] {
  const folder = join(root, "docs/guide");
  const guide = readdirSync(folder).filter((name) => name.endsWith(".md"));
  return ["README.md", ...guide.sort().map((name) => relative(root, join(folder, name)))];
}

/** The `ts` blocks of a page, in their order. */
export function snippetsOf(page: string): readonly Snippet[] {
  const snippets: Snippet[] = [];
  let info: string | null = null;
  let lines: string[] = [];
  let first = 0;
  readFileSync(join(root, page), "utf8")
    .split("\n")
    .forEach((line, index) => {
      if (info === null) {
        const fence = /^```ts(?: (.*))?$/.exec(line);
        if (fence === null) return;
        info = fence[1] ?? "";
        lines = [];
        first = index + 2;
      } else if (line === "```") {
        snippets.push({ page, line: first, info, code: lines.join("\n") });
        info = null;
      } else lines.push(line);
    });
  return snippets;
}

/**
 * The modules of a page. A block that begins with an import is a whole file; any other follows the
 * page's `ts setup` block. `ts fragment` marks what is no code of its own.
 */
export function modulesOf(page: string): readonly SnippetModule[] {
  const snippets = snippetsOf(page);
  const setup = snippets.find(({ info }) => info === "setup")?.code ?? "";
  const name = basename(page, ".md").toLowerCase();
  return snippets
    .filter(({ info }) => info !== "fragment")
    .map((snippet) => {
      const whole = snippet.info === "setup" || snippet.code.startsWith("import ");
      const before = whole || setup === "" ? "" : `${setup}\n`;
      const linesBefore = before === "" ? 0 : before.split("\n").length - 1;
      const text = `${before}${snippet.code}\nexport {};\n`;
      return { snippet, file: `${name}-${snippet.line}.ts`, text, linesBefore };
    });
}
