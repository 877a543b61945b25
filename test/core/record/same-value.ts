/**
 * Whether two values are the same to the last bit: -0 is not 0, NaN and invalid dates equal
 * themselves, and the order of fields and entries counts. Knows nothing of the codec.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return Object.is(a, b);
  }
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  const [left, right] = [contents(a), contents(b)];
  return left.length === right.length && left.every((part, i) => sameValue(part, right[i]));
}

function contents(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value].flat(1);
  if (value instanceof Set) return [...value];
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (ArrayBuffer.isView(value)) {
    return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  }
  if (Array.isArray(value)) return value;
  return Object.entries(value).flat(1);
}
