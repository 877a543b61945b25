/** An invariant does not hold: a defect of Millrace, never of a job. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(`invariant violated: ${message}; this is a defect in Millrace, please report it`);
    this.name = "AssertionError";
  }
}

/** Throws unless `condition` holds. `message` names the invariant, e.g. `"T2: slot is live"`. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The end of an exhaustive `switch`: a new kind without a case does not compile. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected ${JSON.stringify(value)}`);
}
