/** Sections of a task's ledger, beside those of its keyed state (`KeyedFiles.section`). */
export const PROGRESS_SECTION = "progress";
export const MEMORY_SECTION = "task";

/** The section with an operator's list, union and broadcast state. */
export function operatorSection(uid: string): string {
  return `operator:${uid}`;
}
