/** JSON with the fields of every object in ascending order, so that equal data is equal text. */
export function canonicalJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, sortFields, indent);
}

function sortFields(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
