import { isMillraceError } from "./load-module.ts";

/**
 * An error for people: one line that says where, what, and what to do, with its code. With
 * `verbose` also where it came from, innermost cause first.
 */
export function errorLines(error: unknown, verbose: boolean): readonly string[] {
  const [line, code] = described(error);
  const cause = rootCause(error);
  const shown = oneLine(line);
  if (verbose) return [`${shown}${code}`, ...stackOf(cause).split("\n")];
  const more = isUserError(error) && !shown.includes("--verbose") ? "; --verbose shows where" : "";
  return [`${shown}${more}${code}`];
}

function described(error: unknown): readonly [line: string, code: string] {
  if (isMillraceError(error)) {
    return [error.describe(), "code" in error ? ` (${String(error.code)})` : ""];
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const hint = "if it does not come from your code, please report it with what --verbose prints";
  return [`unexpected ${text}; ${hint}`, ""];
}

/** Whether code of the user is behind it, so that the place in it helps. */
function isUserError(error: unknown): boolean {
  return error instanceof Error && error.name === "JobError" && error.cause instanceof Error;
}

function rootCause(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? rootCause(error.cause) : error;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
