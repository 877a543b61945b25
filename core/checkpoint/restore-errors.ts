import { DataError, LimitError, RestoreError } from "../errors.ts";

const DAMAGE: readonly string[] = ["RESTORE_CORRUPT_CHECKPOINT", "RESTORE_BAD_FILE"];

/** The checkpoint itself is bad, and another one may do; as opposed to a store that fails now. */
export function isDamage(error: unknown): error is RestoreError {
  return error instanceof RestoreError && DAMAGE.includes(error.code);
}

/** What reading `_metadata` failed with, as the RestoreError of its checkpoint. */
export function unreadable(folder: string, place: string, cause: unknown): unknown {
  if (!(cause instanceof DataError || cause instanceof LimitError)) return cause;
  if (cause.code === "ENVELOPE_NEWER") {
    return new RestoreError(`${place}: ${cause.message}`, {
      code: "RESTORE_NEWER_FORMAT",
      hint: "run the version of Millrace that wrote it, or a later one",
      cause,
    });
  }
  return new RestoreError(`${folder} is corrupt (${place}: ${cause.message})`, {
    code: "RESTORE_CORRUPT_CHECKPOINT",
    hint: "restore from another checkpoint",
    cause,
  });
}

export function badFile(message: string): RestoreError {
  return new RestoreError(message, {
    code: "RESTORE_BAD_FILE",
    hint: "restore from another checkpoint",
  });
}

/** `there` are the checkpoints and savepoints that can be asked for. */
export function noSuchCheckpoint(
  folder: string,
  location: string,
  there: readonly string[],
): RestoreError {
  return new RestoreError(`there is no checkpoint ${folder} in ${location}`, {
    code: "RESTORE_NO_CHECKPOINT",
    hint: there.length === 0 ? "there is none at all" : `there are: ${there.join(", ")}`,
  });
}
