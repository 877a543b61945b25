import { LimitError, show } from "../../core/errors.ts";

/** Below the limit of file systems (255 bytes), with room for endings. */
const BYTES_MAX = 200;

/**
 * A file name for any name, another one for each: also where file systems do not tell apart capital
 * and small letters, or forms of accents.
 *
 * @example fileName("Job/3") // "~job%2f3"
 */
export function fileName(name: string): string {
  const file = name.replace(/[A-Z]|^\.|[^a-z0-9._-]/gu, escaped);
  if (file.length > 0 && file.length <= BYTES_MAX) return file;
  throw new LimitError(`${show(name)} needs ${file.length} characters as a file name`, {
    code: "LIMIT_FILE_NAME",
    hint: `choose a name that needs 1 to ${BYTES_MAX}`,
  });
}

function escaped(character: string): string {
  if (character >= "A" && character <= "Z") return `~${character.toLowerCase()}`;
  let text = "";
  for (const byte of Buffer.from(character)) text += `%${byte.toString(16).padStart(2, "0")}`;
  return text;
}

/** A natural number as text of 16 digits, whose order is that of the numbers. */
export function digits(number: number): string {
  return String(number).padStart(16, "0");
}
