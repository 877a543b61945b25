import { StorageError } from "../errors.ts";
import { type RecordStore, unbounded } from "../ports/index.ts";
import { COORDINATOR, addressName } from "./address.ts";
import { readJobRecord, writeJobRecord } from "./job-record.ts";

const COORDINATOR_NAME = addressName(COORDINATOR);
/** Tries against others who change the record. */
const TRIES = 8;

/** The generation's record says from now on how its job ended; again changes nothing. */
export async function endJob(
  records: RecordStore,
  job: string,
  generation: number,
  phase: "finished" | "stopped" | "failed",
  detail: unknown,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const current = await readJobRecord(records, job, unbounded);
    if (current === null || current.record.generation !== generation) return;
    const { record, revision } = current;
    if (record.phase !== "running" && record.phase !== "stopping" && record.phase !== "failed") {
      return;
    }
    const ended =
      phase === "failed"
        ? { ...record, phase, failure: { message: String(detail), at: COORDINATOR_NAME } }
        : { ...record, phase, result: detail };
    if (await writeJobRecord(records, ended, revision, unbounded)) return;
  }
  throw new StorageError(`the record of job ${job} changes all the time`, {
    code: "STORAGE_JOB_RECORD",
    hint: "it is tried again",
    retryable: true,
  });
}
