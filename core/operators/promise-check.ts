import { JobError } from "../errors.ts";

/** How many results of a `map` are looked at: an async function gives itself away with the first. */
export const CHECKED_RESULTS = 64;

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === "function"
  );
}

/** Throws if user code returned a promise where nobody waits for it (decision d). */
export function refusePromise(returned: unknown, method: string): void {
  if (!isPromise(returned)) return;
  // The error below is what counts; the promise's own must not end the process.
  returned.then(undefined, () => {});
  throw new JobError(`${method} returned a promise`, {
    code: "JOB_PROMISE_RETURNED",
    hint: `make ${method} synchronous: only open and close may be async`,
  });
}

/** The result of a filter that is neither true nor false; decides like JavaScript's `if`. */
export function looseCondition(returned: unknown): boolean {
  refusePromise(returned, "filter");
  return Boolean(returned);
}
