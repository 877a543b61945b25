/** An answer in a word, for the trace. */
export function outcomeOf(value: unknown): string {
  if (value === undefined) return "ok";
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return listOutcome(value);
  if (value instanceof Uint8Array) return `${value.length}B`;
  if (typeof value !== "object") return "ok";
  if ("appended" in value) return value.appended === true ? "appended" : "conflict";
  if ("rows" in value) return `${(value.rows as readonly unknown[]).length} rows`; // a ledger page
  if ("version" in value) return `v${String(value.version)}`;
  if ("revision" in value) return `r${String(value.revision)}`;
  return "ok";
}

function listOutcome(list: readonly unknown[]): string {
  if (!list.every((each) => typeof each === "boolean")) return `${list.length} items`;
  const failed = list.filter((each) => !each).length;
  return failed === 0 ? "ok" : `${failed} of ${list.length} failed`;
}
