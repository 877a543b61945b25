import { DataError } from "../errors.ts";

/** What is frozen to the ground already; also ends the walk of a value that contains itself. */
const frozen = new WeakSet();

/**
 * Freezes a value and everything in it: plain objects, arrays, Map, Set and Date, whose changing
 * methods then throw a DataError. Typed arrays cannot be frozen in JavaScript and are left alone.
 * Gives the value back.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || frozen.has(value)) return value;
  frozen.add(value);
  if (ArrayBuffer.isView(value)) return value;
  if (value instanceof Map) {
    value.forEach(freezeEntry);
    Object.defineProperties(value, refusals(["set", "delete", "clear"]));
  } else if (value instanceof Set) {
    value.forEach(freezeEntry);
    Object.defineProperties(value, refusals(["add", "delete", "clear"]));
  } else if (value instanceof Date) {
    Object.defineProperties(value, refusals(dateSetters));
  } else {
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return Object.freeze(value);
}

const dateSetters: readonly string[] = Object.getOwnPropertyNames(Date.prototype).filter((name) =>
  name.startsWith("set"),
);

function freezeEntry(value: unknown, key: unknown): void {
  deepFreeze(key);
  deepFreeze(value);
}

function refusals(methods: readonly string[]): PropertyDescriptorMap {
  const found: PropertyDescriptorMap = {};
  for (const method of methods) found[method] = { value: refuseChange };
  return found;
}

function refuseChange(): never {
  throw new DataError("a value from state or an event was changed in place", {
    code: "VALUE_FROZEN",
    hint: "make a new value and give it to update, put or collect",
  });
}
