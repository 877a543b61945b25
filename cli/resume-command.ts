import { basename, relative } from "node:path";

/**
 * The command that goes on where this one stopped: the same one, from the latest checkpoint, or
 * without a checkpoint from the beginning.
 */
export function resumeCommand(argv: readonly string[], hasCheckpoint: boolean): string {
  const kept: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? "";
    if (word === "--from") at += 1;
    else if (word !== "--fresh" && !word.startsWith("--from=")) kept.push(word);
  }
  if (hasCheckpoint) kept.push("--from", "latest");
  return [...invocation(process.argv[1] ?? "", process.env), ...kept.map(quoted)].join(" ");
}

/** How the user called us: by the bin's name, through npx, or as a script. */
function invocation(script: string, env: NodeJS.ProcessEnv): readonly string[] {
  if (basename(script) !== "main.js") {
    return env["npm_command"] === "exec" ? ["npx", "millrace"] : ["millrace"];
  }
  const fromHere = relative(process.cwd(), script);
  return ["node", quoted(fromHere.startsWith("..") ? script : fromHere)];
}

function quoted(word: string): string {
  return /^[\w./=:@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
