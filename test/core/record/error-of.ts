import { MillraceError } from "../../../core/errors.ts";

/** The worded error that `run` throws; anything else fails the test. */
export function errorOf(run: () => unknown): MillraceError {
  try {
    run();
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
