import { StorageError } from "../core/errors.ts";
import type { CallScope } from "../core/ports/index.ts";

/** Asked before each try of a call: one whose caller is gone must not reach the outside (P3.8). */
export function checkLive(scope: CallScope, call: string): void {
  if (scope.isLive()) return;
  throw new StorageError(`${call} was not begun: its caller is gone`, {
    code: "STORAGE_CALL_OVER",
    hint: "let the next turn make it",
  });
}
