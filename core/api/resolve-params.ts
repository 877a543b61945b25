import { UsageError } from "../errors.ts";
import { didYouMean } from "./nearest-name.ts";
import type { Param, ParamDeclarations, ParamValues } from "./param.ts";
import { Secret, describeSecret } from "./secret.ts";
import type { ResolveSecret, SecretReference } from "./secret.ts";

export type ParamOrigin = "command line" | "caller" | "config file" | "default";

/** Values from one place. Texts are read as on a command line, other values are checked. */
export interface ParamLevel {
  readonly origin: Exclude<ParamOrigin, "default">;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A parameter's value as `explain`, `--help` and the UI show it; a secret as its reference. */
export interface ParamValue {
  readonly name: string;
  readonly kind: string;
  readonly value: string;
  readonly origin: ParamOrigin;
  readonly description: string | null;
}

export interface ResolvedParams<P extends ParamDeclarations> {
  readonly values: ParamValues<P>;
  /** In the order of declaration. */
  readonly shown: readonly ParamValue[];
}

export interface ResolveParamsInput<P extends ParamDeclarations> {
  /** The job's name, for errors. */
  readonly job: string;
  readonly declared: P;
  /** The strongest first. */
  readonly levels: readonly ParamLevel[];
  readonly resolveSecret: ResolveSecret;
}

/**
 * The value of every declared parameter: of the first level that gives one, else the default.
 * An unknown name, a value that does not fit and a missing one are UsageErrors.
 */
export function resolveParams<P extends ParamDeclarations>(
  input: ResolveParamsInput<P>,
): ResolvedParams<P> {
  refuseUnknown(input);
  refuseMissing(input);
  const values: Record<string, unknown> = {};
  const shown: ParamValue[] = [];
  for (const [name, declared] of Object.entries(input.declared)) {
    const level = levelOf(name, input.levels);
    const value = valueOf(name, declared, level, input);
    values[name] = value;
    shown.push({
      name,
      kind: declared.kind,
      value: declared.show(value),
      origin: level?.origin ?? "default",
      description: declared.description,
    });
  }
  // Every name of P has been given the value of its own Param.
  return { values: Object.freeze(values) as ParamValues<P>, shown };
}

function levelOf(name: string, levels: readonly ParamLevel[]): ParamLevel | null {
  return levels.find((level) => Object.hasOwn(level.values, name)) ?? null;
}

function valueOf(
  name: string,
  declared: Param<unknown>,
  level: ParamLevel | null,
  input: ResolveParamsInput<ParamDeclarations>,
): unknown {
  const place = level === null ? `param "${name}"` : `param "${name}" (${level.origin})`;
  const given = level?.values[name];
  if (declared.secret !== null) {
    const reference = level === null ? declared.secret : givenReference(given, declared, place);
    return new Secret(reference, input.resolveSecret);
  }
  if (level === null) return declared.default;
  return typeof given === "string" ? declared.parse(given, place) : declared.check(given, place);
}

/** `env:NAME`; anything else could be the secret itself and is refused without being shown. */
function givenReference(given: unknown, declared: Param<unknown>, place: string): SecretReference {
  const match = typeof given === "string" ? /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(given) : null;
  if (match?.[1] === undefined) {
    declared.check(given, place);
    return { env: "" };
  }
  return { env: match[1] };
}

function refuseUnknown(input: ResolveParamsInput<ParamDeclarations>): void {
  for (const level of input.levels) {
    for (const name of Object.keys(level.values)) {
      if (Object.hasOwn(input.declared, name)) continue;
      throw new UsageError(`the job has no param "${name}" (${level.origin})`, {
        code: "USAGE_PARAM_UNKNOWN",
        hint: didYouMean(name, Object.keys(input.declared)),
        where: { job: input.job },
      });
    }
  }
}

function refuseMissing(input: ResolveParamsInput<ParamDeclarations>): void {
  const missing = Object.entries(input.declared)
    .filter(
      ([name, declared]) =>
        declared.default === null &&
        declared.secret === null &&
        levelOf(name, input.levels) === null,
    )
    .map(([name, declared]) => `${name}=${declared.accepts}`);
  if (missing.length === 0) return;
  const [noun, verb] = missing.length === 1 ? ["param", "has"] : ["params", "have"];
  throw new UsageError(`${noun} ${missing.join(", ")} ${verb} no value`, {
    code: "USAGE_PARAM_MISSING",
    hint: `give ${missing.map((text) => `--set ${text}`).join(" ")}`,
    where: { job: input.job },
  });
}

/** What `--help` says of a parameter: kind, default, description. */
export function describeParam(declared: Param<unknown>): string {
  const fallback =
    declared.secret !== null
      ? `default ${describeSecret(declared.secret)}`
      : declared.default === null
        ? "required"
        : `default ${declared.show(declared.default)}`;
  return declared.description === null ? fallback : `${declared.description} (${fallback})`;
}
