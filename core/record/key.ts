import { DataError, LimitError, show } from "../errors.ts";
import { limits } from "../limits.ts";
import { parseIdentity } from "./key-identity-parser.ts";

/** What a key selector may return. Arrays are composite keys; all keys compare by value. */
export type Key = string | number | bigint | boolean | Date | readonly Key[];

/**
 * A key as one JS primitive: two keys have the same identity (`===`) exactly when they are equal by
 * value. Strings, numbers, bigints and booleans are their own identity; dates, arrays, NaN and
 * strings that begin with NUL become a string that begins with NUL.
 */
export type KeyIdentity = string | number | bigint | boolean;

/** Strings up to this length are within `keyBytesMax` whatever they contain. */
const CHARACTERS_SURE = Math.floor(limits.keyBytesMax / 3) - 8;

/**
 * The identity of a key: -0 is 0, NaN equals itself, 1, 1n, "1" and true are four keys. Anything
 * that is no key is a DataError.
 *
 * @example keyIdentity(["shop", 7]) === keyIdentity(["shop", 7]) // true
 */
export function keyIdentity(key: Key): KeyIdentity {
  switch (typeof key) {
    case "string":
      if (key.charCodeAt(0) !== 0 && key.length <= CHARACTERS_SURE) return key;
      return escapeString(key);
    case "number":
      return key === key ? key + 0 : NAN_IDENTITY; // -0 + 0 is 0
    case "bigint":
    case "boolean":
      return key;
    default:
      return identityText(key);
  }
}

/** The key of an identity; dates and arrays are new objects. */
export function keyFromIdentity(identity: KeyIdentity): Key {
  if (typeof identity !== "string" || identity.charCodeAt(0) !== 0) return identity;
  return parseIdentity(identity);
}

const NAN_IDENTITY = "\0nNaN;";

function escapeString(key: string): string {
  if (key.length > limits.keyBytesMax) throw keyTooLarge(key.length, "characters");
  return key.charCodeAt(0) === 0 ? `\0${elementText(key, key, 0)}` : key;
}

function identityText(key: Key): string {
  const text = `\0${elementText(key, key, 0)}`;
  if (text.length > limits.keyBytesMax) throw keyTooLarge(text.length, "characters");
  return text;
}

/** A key as self-delimiting text; `key-identity-parser.ts` reads it. */
function elementText(element: Key, whole: Key, depth: number): string {
  switch (typeof element) {
    case "string":
      return `s${element.length}:${element}`;
    case "number":
      return `n${element};`; // -0 prints as 0
    case "bigint":
      return `i${element};`;
    case "boolean":
      return element ? "t" : "f";
    default:
      return objectText(element, whole, depth);
  }
}

function objectText(element: Date | readonly Key[], whole: Key, depth: number): string {
  if (Array.isArray(element)) return arrayText(element as readonly Key[], whole, depth); // isArray widens to any[]
  if (element instanceof Date) {
    const ms = element.getTime();
    if (ms === ms) return `d${ms};`;
  }
  throw notAKey(element, whole, depth);
}

function arrayText(elements: readonly Key[], whole: Key, depth: number): string {
  if (depth >= limits.valueDepthMax) {
    throw keyTooDeep();
  }
  let text = "(";
  for (let i = 0; i < elements.length; i++) {
    text += elementText(elements[i] as Key, whole, depth + 1);
  }
  return `${text})`;
}

/** The error of a `part` of the key `whole`, `depth` arrays down, that no key may contain. */
export function notAKey(part: unknown, whole: unknown, depth: number): DataError {
  const what =
    part instanceof Date
      ? "an invalid Date"
      : typeof part === "function"
        ? show(part)
        : shownPart(part);
  const where = depth === 0 ? "" : ` in ${show(whole)}`;
  return new DataError(`${what}${where} cannot be a key`, {
    code: "KEY_UNSUPPORTED",
    hint: "return a string, number, bigint, boolean or Date, or an array (tuple) of these",
  });
}

function shownPart(part: unknown): string {
  return typeof part === "object" && part !== null ? `the object ${show(part)}` : show(part);
}

/** The error of a key over `valueDepthMax`. */
export function keyTooDeep(): LimitError {
  return new LimitError(
    `a key is nested deeper than the limit valueDepthMax of ${limits.valueDepthMax}`,
    { code: "KEY_TOO_DEEP", hint: "return a flat array of strings and numbers" },
  );
}

/** The error of a key over `keyBytesMax`. */
export function keyTooLarge(size: number, unit: string): LimitError {
  return new LimitError(
    `a key has ${size} ${unit}, the limit keyBytesMax is ${limits.keyBytesMax} bytes`,
    {
      code: "KEY_TOO_LARGE",
      hint: "key by an id or a hash of the long value",
    },
  );
}
