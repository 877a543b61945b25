import type { Duration } from "../duration.ts";
import { UsageError, show } from "../errors.ts";
import {
  booleanKind,
  durationKind,
  enumKind,
  numberKind,
  schemaKind,
  secretKind,
  stringKind,
} from "./param-kind.ts";
import type { ParamKind } from "./param-kind.ts";
import type { Secret, SecretReference } from "./secret.ts";
import type { StandardSchema } from "./standard-schema.ts";

export interface ParamOptions {
  /** A sentence for `--help` and `explain`. */
  readonly description?: string;
}

/** A declared parameter of a job. Make one with `param`. */
export interface Param<T> extends ParamKind<T> {
  readonly description: string | null;
  /** Null: the parameter must be given (a secret always has its reference). */
  readonly default: T | null;
  /** Where the secret lies unless another reference is given; null for all other kinds. */
  readonly secret: SecretReference | null;
}

/** The parameters of a job by name. */
export type ParamDeclarations = Readonly<Record<string, Param<unknown>>>;

/** The values of declared parameters, as `build` gets them. */
export type ParamValues<P extends ParamDeclarations> = {
  readonly [Name in keyof P]: P[Name] extends Param<infer T> ? T : never;
};

function declare<T>(
  kind: ParamKind<T>,
  fallback: T | null | undefined,
  options: ParamOptions,
): Param<T> {
  const given = fallback ?? null;
  return Object.freeze({
    ...kind,
    description: options.description ?? null,
    default: given === null ? null : kind.check(given, `the default of a param.${kind.kind}`),
    secret: null,
  });
}

function text(fallback?: string | null, options: ParamOptions = {}): Param<string> {
  return declare(stringKind, fallback, options);
}

function number(fallback?: number | null, options: ParamOptions = {}): Param<number> {
  return declare(numberKind, fallback, options);
}

function boolean(fallback?: boolean | null, options: ParamOptions = {}): Param<boolean> {
  return declare(booleanKind, fallback, options);
}

function duration(fallback?: Duration | null, options: ParamOptions = {}): Param<Duration> {
  return declare(durationKind, fallback, options);
}

function oneOf<const T extends string>(
  values: readonly T[],
  fallback?: NoInfer<T> | null,
  options: ParamOptions = {},
): Param<T> {
  return declare(enumKind(values), fallback, options);
}

function secret(reference: SecretReference, options: ParamOptions = {}): Param<Secret> {
  if (typeof reference?.env !== "string" || reference.env === "") {
    throw new UsageError(`param.secret needs a reference (got ${show(reference)})`, {
      code: "USAGE_PARAM",
      hint: 'write param.secret({ env: "NAME" })',
    });
  }
  return Object.freeze({
    ...secretKind,
    description: options.description ?? null,
    default: null,
    secret: Object.freeze({ env: reference.env }),
  });
}

function schema<T>(
  standard: StandardSchema<T>,
  fallback?: NoInfer<T> | null,
  options: ParamOptions = {},
): Param<T> {
  return declare(schemaKind(standard), fallback, options);
}

/**
 * Declares the parameters of a job. The first argument is the default; without it, or with `null`,
 * the parameter must be given.
 *
 * @example
 * params: {
 *   input: param.string(null, { description: "the folder that is read" }),
 *   bound: param.duration({ hours: 30 }),
 *   mode: param.enum(["fast", "exact"], "exact"),
 *   token: param.secret({ env: "API_TOKEN" }),
 * }
 */
export const param: {
  readonly string: typeof text;
  readonly number: typeof number;
  readonly boolean: typeof boolean;
  /** A span of time: `{ hours: 30 }` in a program, `30h` on a command line. */
  readonly duration: typeof duration;
  readonly enum: typeof oneOf;
  /** A reference that `resolve()` turns into the secret in `open`. */
  readonly secret: typeof secret;
  /** A value that a Standard Schema (zod, valibot, arktype, ...) checks; JSON on a command line. */
  readonly schema: typeof schema;
} = Object.freeze({ string: text, number, boolean, duration, enum: oneOf, secret, schema });
