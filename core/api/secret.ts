import { UsageError } from "../errors.ts";

/** Where a secret lies. It names the secret and never holds it. */
export interface SecretReference {
  /** The name of an environment variable. */
  readonly env: string;
}

/** The host's way to look a secret up; null when there is none. */
export type ResolveSecret = (reference: SecretReference) => Promise<string | null>;

/**
 * A secret as `build` sees it: a reference. However it is printed, logged or stored, only the
 * reference shows.
 *
 * @example
 * class Client { async open() { this.token = await params.token.resolve() } }
 */
export class Secret {
  readonly reference: SecretReference;
  readonly #resolve: ResolveSecret;

  constructor(reference: SecretReference, resolve: ResolveSecret) {
    this.reference = Object.freeze({ ...reference });
    this.#resolve = resolve;
    Object.freeze(this);
  }

  /** The secret itself, asked from the host. Call it in `open`; in `build` it is a PlanError. */
  resolve(): Promise<string> {
    return this.#resolve(this.reference).then((value) => {
      if (value !== null) return value;
      throw new UsageError(`there is no ${this.toString()}`, {
        code: "USAGE_SECRET_MISSING",
        hint: `set the environment variable ${this.reference.env}`,
      });
    });
  }

  /** `secret(env:NAME)`. */
  toString(): string {
    return describeSecret(this.reference);
  }

  toJSON(): string {
    return this.toString();
  }
}

/** `secret(env:NAME)`. */
export function describeSecret(reference: SecretReference): string {
  return `secret(env:${reference.env})`;
}
