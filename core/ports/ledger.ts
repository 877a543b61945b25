import type { CallScope } from "./call-scope.ts";

export interface LedgerRow {
  readonly version: number;
  readonly item: Uint8Array;
}

export interface LedgerPage {
  /** Ascending. */
  readonly rows: readonly LedgerRow[];
  /** Rows may follow: read on from the last version + 1. */
  readonly more: boolean;
}

/** `existing`: the item that has the version already; ours, if the answer to an earlier try was lost. */
export type AppendResult =
  { readonly appended: true } | { readonly appended: false; readonly existing: Uint8Array };

/**
 * Logs of versioned items, one per partition, as a DynamoDB table with sort key behaves: every call
 * is consistent for single rows, and none is a snapshot of several rows.
 */
export interface Ledger {
  /**
   * Writes a row unless its version exists. A rejection leaves open whether it was written. At most
   * 400 KB.
   */
  append(
    partition: string,
    version: number,
    item: Uint8Array,
    scope: CallScope,
  ): Promise<AppendResult>;
  /** Rows with `version >= from`, ascending; a page, maybe an empty one. */
  read(partition: string, from: number, scope: CallScope): Promise<LedgerPage>;
  /** The row with the greatest version; null: the partition is empty. */
  newest(partition: string, scope: CallScope): Promise<LedgerRow | null>;
  /** Deletes rows, ascending; versions that do not exist are ignored. */
  trim(partition: string, versions: readonly number[], scope: CallScope): Promise<void>;
}

/** Bytes of a ledger item. */
export const LEDGER_ITEM_BYTES_MAX = 400_000;
