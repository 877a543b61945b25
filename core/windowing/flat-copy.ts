const ENTRIES_MAX = 64;

/** A number, string or other primitive, or a small array or plain object of primitives only. */
export function isFlat(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Array.prototype && prototype !== Object.prototype) return false;
  const entries = Object.values(value) as unknown[];
  if (entries.length > ENTRIES_MAX) return false;
  return entries.every((entry) => typeof entry !== "object" || entry === null);
}

/** A copy of a flat value that shares nothing changeable with it. */
export function flatCopy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? value.slice() : { ...value };
}
