import { StorageError } from "../errors.ts";

/** For an object that a ledger entry, a record or a listing names. */
export function objectLost(key: string): StorageError {
  return new StorageError(`the object ${key} is missing or damaged`, {
    code: "STORAGE_OBJECT_LOST",
    hint: "it is tried again; if it stays so, something deleted it: restore from a checkpoint",
    retryable: true,
  });
}
