import { DataError, show } from "../errors.ts";

/** Reads one value of parsed JSON, or throws a DataError that says where it does not fit. */
export type Shape<T> = (value: unknown, path: string) => T;

export const text: Shape<string> = (value, path) =>
  typeof value === "string" ? value : misfit(path, value, "a text");

export const truth: Shape<boolean> = (value, path) =>
  typeof value === "boolean" ? value : misfit(path, value, "true or false");

export const integer: Shape<number> = (value, path) =>
  Number.isSafeInteger(value) ? Number(value) : misfit(path, value, "an integer");

/** An integer that is not negative. */
export const count: Shape<number> = (value, path) =>
  Number.isSafeInteger(value) && Number(value) >= 0
    ? Number(value)
    : misfit(path, value, "an integer that is not negative");

/** An integer from 1 on. */
export const positive: Shape<number> = (value, path) =>
  Number.isSafeInteger(value) && Number(value) >= 1
    ? Number(value)
    : misfit(path, value, "a positive integer");

export function nullOr<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path) => (value === null ? null : shape(value, path));
}

export function oneOf<const T extends string | number>(...values: readonly T[]): Shape<T> {
  return (value, path) =>
    values.find((allowed) => allowed === value) ??
    misfit(path, value, `one of ${values.map(show).join(", ")}`);
}

export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, path) =>
    Array.isArray(value)
      ? value.map((item, index) => shape(item, `${path}[${index}]`))
      : misfit(path, value, "a list");
}

export function texts(value: unknown, path: string): Readonly<Record<string, string>> {
  const entries = Object.entries(record(value, path));
  return Object.fromEntries(entries.map(([key, item]) => [key, text(item, `${path}.${key}`)]));
}

/** An object of exactly these fields. */
export function fields<T extends object>(shapes: {
  readonly [K in keyof T]: Shape<T[K]>;
}): Shape<T> {
  const names = Object.keys(shapes) as (keyof T & string)[];
  return (value, path) => {
    const object = record(value, path);
    const unknown = Object.keys(object).find((name) => !Object.hasOwn(shapes, name));
    if (unknown !== undefined) misfit(path, unknown, `without field "${unknown}"`);
    const read = names.map(
      (name) => [name, shapes[name](object[name], `${path}.${name}`)] as const,
    );
    return Object.fromEntries(read) as T; // every field of T was read by its own shape
  };
}

function record(value: unknown, path: string): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>) // an object of JSON
    : misfit(path, value, "an object");
}

function misfit(path: string, value: unknown, expected: string): never {
  throw new DataError(
    `the plan does not fit its format: ${path} is not ${expected} (got ${show(value)})`,
    {
      code: "DATA_PLAN",
      hint: "write it again with millrace explain --json",
    },
  );
}
