/** A copy of a value of the codec's kinds that shares nothing changeable with it. */
export function deepCopy<T>(value: T): T {
  // The copy has the type of what is copied, kind by kind; TypeScript cannot follow that.
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    for (const [key, inner] of value) map.set(copy(key), copy(inner));
    return map;
  }
  if (value instanceof Set) {
    const set = new Set<unknown>();
    for (const inner of value) set.add(copy(inner));
    return set;
  }
  if (ArrayBuffer.isView(value)) return copyBytes(value);
  if (value instanceof ArrayBuffer) return value.slice(0);
  return copyObject(value);
}

function copyBytes(view: ArrayBufferView): unknown {
  if (view instanceof DataView) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return new DataView(bytes.slice().buffer);
  }
  return (view as Uint8Array).slice();
}

/** Keeps the prototype, so that an accumulator of a class keeps its methods. */
function copyObject(value: object): object {
  const target = Object.create(Object.getPrototypeOf(value) as object | null) as object;
  for (const name of Object.keys(value)) {
    Object.defineProperty(target, name, {
      value: copy((value as Record<string, unknown>)[name]),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return target;
}
