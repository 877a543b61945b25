import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it that are missing. Resolves with the topmost one that it made,
 * or null when all were there. Node's own `recursive` never ends where the system answers ENOENT
 * although the parent is there, as below /proc.
 */
export async function makeFolder(path: string): Promise<string | null> {
  const folder = resolve(path);
  try {
    return (await made(folder)) ? folder : null;
  } catch (error) {
    const parent = dirname(folder);
    if (codeOf(error) !== "ENOENT" || parent === folder) throw error;
    const first = await makeFolder(parent);
    return (await made(folder)) ? (first ?? folder) : first;
  }
}

/** False: it was there. Rejects with EEXIST when something else has the name. */
async function made(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !(await stat(folder)).isDirectory()) throw error;
    return false;
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}
