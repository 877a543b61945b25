import { durationMs, formatDuration, parseDuration } from "../duration.ts";
import type { Duration } from "../duration.ts";
import { DataError, UsageError, show } from "../errors.ts";
import { describeSecret } from "./secret.ts";
import type { Secret } from "./secret.ts";
import { describeIssues } from "./standard-schema.ts";
import type { StandardSchema, StandardSchemaResult } from "./standard-schema.ts";

export type ParamKindName =
  "string" | "number" | "boolean" | "duration" | "enum" | "secret" | "schema";

/** How values of one kind of parameter are read, checked and shown. */
export interface ParamKind<T> {
  readonly kind: ParamKindName;
  /** What may be given, for `--help`: `<number>`, `a|b`. */
  readonly accepts: string;
  /** Reads what stands on a command line; throws a UsageError that names the parameter. */
  parse(text: string, name: string): T;
  /** Checks a value that a program or a config file gives. */
  check(value: unknown, name: string): T;
  /** The value as text, for people. */
  show(value: T): string;
}

export const stringKind: ParamKind<string> = {
  kind: "string",
  accepts: "<text>",
  parse: (given) => given,
  check: (value, name) =>
    typeof value === "string" ? value : refuse(name, value, "a string", "write it in quotes"),
  show: (value) => value,
};

export const numberKind: ParamKind<number> = {
  kind: "number",
  accepts: "<number>",
  parse: (given, name) => {
    const value = given.trim() === "" ? Number.NaN : Number(given);
    return Number.isFinite(value)
      ? value
      : refuse(name, given, "a number", "write for instance 10 or 0.5");
  },
  check: (value, name) =>
    typeof value === "number" && Number.isFinite(value)
      ? value
      : refuse(name, value, "a number", "write for instance 10 or 0.5"),
  show: String,
};

export const booleanKind: ParamKind<boolean> = {
  kind: "boolean",
  accepts: "true|false",
  parse: (given, name) =>
    given === "true" ||
    (given === "false" ? false : refuse(name, given, "true or false", "write true or false")),
  check: (value, name) =>
    typeof value === "boolean"
      ? value
      : refuse(name, value, "true or false", "write true or false"),
  show: String,
};

export const durationKind: ParamKind<Duration> = {
  kind: "duration",
  accepts: "<duration, e.g. 30h>",
  parse: (given, name) => checkedDuration(parseDuration(given, name), name),
  check: (value, name) => checkedDuration(value as Duration, name), // durationMs refuses what is none
  show: (value) => formatDuration(durationMs(value, "duration")),
};

function checkedDuration(value: Duration, name: string): Duration {
  durationMs(value, name);
  return Object.freeze({ ...value });
}

export function enumKind<T extends string>(values: readonly T[]): ParamKind<T> {
  const accepts = values.join("|");
  const check = (value: unknown, name: string): T =>
    values.find((allowed) => allowed === value) ??
    refuse(name, value, `one of ${values.join(", ")}`, `write ${values.join(" or ")}`);
  return { kind: "enum", accepts, parse: check, check, show: (value) => value };
}

export const secretKind: ParamKind<Secret> = {
  kind: "secret",
  accepts: "env:<variable>",
  parse: refuseSecret,
  check: refuseSecret,
  show: (value) => describeSecret(value.reference),
};

/** A secret's value must never be given, and the value that was given must not be printed. */
function refuseSecret(_value: unknown, name: string): never {
  throw new UsageError(`${name} is a secret and cannot be given as a value`, {
    code: "USAGE_PARAM_SECRET",
    hint: "give a reference such as env:NAME, and put the secret into that environment variable",
  });
}

export function schemaKind<T>(standard: StandardSchema<T>): ParamKind<T> {
  const check = (value: unknown, name: string): T => {
    const result = validate(standard, value, name);
    if (result.issues === undefined) return result.value;
    return refuse(name, value, `valid: ${describeIssues(result.issues)}`, "correct the value");
  };
  return {
    kind: "schema",
    accepts: "<json>",
    parse: (given, name) => {
      const json = parseJson(given);
      const readAsText = json === undefined || validate(standard, json, name).issues !== undefined;
      const asText = validate(standard, given, name);
      if (readAsText && asText.issues === undefined) return asText.value;
      return check(json === undefined ? given : json, name);
    },
    check,
    show: (value) => show(value),
  };
}

function validate<T>(
  standard: StandardSchema<T>,
  value: unknown,
  name: string,
): StandardSchemaResult<T> {
  const result = standard["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new DataError(`the schema of ${name} answers with a promise`, {
      code: "DATA_SCHEMA_ASYNC",
      hint: "use a schema without asynchronous checks",
    });
  }
  return result;
}

/** undefined: `given` is no JSON. */
function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

function refuse(name: string, value: unknown, expected: string, hint: string): never {
  throw new UsageError(`${name} is not ${expected} (got ${show(value)})`, {
    code: "USAGE_PARAM",
    hint,
  });
}
