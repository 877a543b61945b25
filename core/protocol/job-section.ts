import { fromBytes, toBytes } from "../record/index.ts";

/** What every ledger of a generation says of its job: written by its genesis, never changed. */
export interface JobSection {
  readonly runId: string;
  readonly restoreId: string;
  readonly planHash: string;
}

export const JOB_SECTION = "job";

export function encodeJobSection({ runId, restoreId, planHash }: JobSection): Uint8Array {
  return toBytes([runId, restoreId, planHash]);
}

export function decodeJobSection(bytes: Uint8Array): JobSection {
  // The entry's checksum vouches for what our own encoder wrote.
  const [runId, restoreId, planHash] = fromBytes(bytes) as [string, string, string];
  return { runId, restoreId, planHash };
}
