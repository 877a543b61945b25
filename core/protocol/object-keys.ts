import { broken } from "./canaries.ts";

/** The folder of a savepoint in the blob store. */
export function savepointFolderOf(job: string, checkpoint: number, runId: string): string {
  return `${job}/savepoints/savepoint-${checkpoint}-${runId}`;
}

/** The object of an entry whose delta and outbox are too large for its item. */
export function bodyKey(partition: string, version: number, commitId: string): string {
  const name = broken("claim-by-version") ? `${version}` : `${version}-${commitId}`;
  return `${partition}/${name}.commit`;
}
