import type { CallScope } from "./call-scope.ts";

/** A single item that is changed in place, with a revision that grows by one at every change. */
export interface StoredRecord {
  readonly revision: number;
  readonly bytes: Uint8Array;
}

/** Small items by key, each changed by compare-and-set; consistent. */
export interface RecordStore {
  get(key: string, scope: CallScope): Promise<StoredRecord | null>;
  /**
   * Writes the item if its revision is still `expected` (0: there is none). False: it is not. A
   * rejection leaves open whether it was written.
   */
  put(key: string, bytes: Uint8Array, expected: number, scope: CallScope): Promise<boolean>;
}
