import { DataError } from "../errors.ts";
import { readUtf8, utf8Length, writeUtf8 } from "../record/utf8.ts";

export const RUN_RECORD_FORMAT = 1;

export type RunStatus = "running" | "finished" | "cancelled";

/** What a checkpoint directory says about the run that uses it. Persisted as JSON, for people too. */
export interface RunRecord {
  readonly job: string;
  /** 8 hex digits; a fresh start has a new one. */
  readonly runId: string;
  readonly status: RunStatus;
  readonly planHash: string;
  /** The checkpoint or savepoint elsewhere that the run began from; null: from the beginning. */
  readonly startedFrom: string | null;
  /**
   * Checkpoints with smaller numbers are not this run's to go on from: it was set back to an older
   * one when they existed. 0: none.
   */
  readonly since: number;
}

const STATUSES: readonly unknown[] = ["running", "finished", "cancelled"] satisfies RunStatus[];

/** The bytes of `run.json`. */
export function encodeRunRecord(record: RunRecord): Uint8Array {
  const { job, runId, status, planHash, startedFrom, since } = record;
  const known = { format: RUN_RECORD_FORMAT, job, runId, status, planHash, startedFrom };
  const json = since === 0 ? known : { ...known, since };
  const text = `${JSON.stringify(json, null, 2)}\n`;
  const bytes = new Uint8Array(utf8Length(text));
  writeUtf8(text, bytes, 0);
  return bytes;
}

/** Reads `run.json`; `place` is its path, for the DataError of a file that is none. */
export function decodeRunRecord(bytes: Uint8Array, place: string): RunRecord {
  const json = parse(bytes, place);
  const { format, job, runId, status, planHash, startedFrom, since } = json;
  if (typeof format === "number" && format > RUN_RECORD_FORMAT) {
    throw new DataError(
      `${place} has format ${format}, and this version reads ${RUN_RECORD_FORMAT}`,
      {
        code: "DATA_RUN_RECORD_FORMAT",
        hint: "use the version of millrace that wrote it, or a newer one",
      },
    );
  }
  const known =
    typeof job === "string" && typeof runId === "string" && typeof planHash === "string";
  if (!known || !STATUSES.includes(status)) throw notARecord(place);
  const origin = typeof startedFrom === "string" ? startedFrom : null;
  return {
    job,
    runId,
    status: status as RunStatus,
    planHash,
    startedFrom: origin,
    since: typeof since === "number" ? since : 0,
  };
}

function parse(bytes: Uint8Array, place: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(readUtf8(bytes, 0, bytes.length));
    if (typeof json === "object" && json !== null) return json as Record<string, unknown>; // as just checked
  } catch (cause) {
    throw notARecord(place, cause);
  }
  throw notARecord(place);
}

function notARecord(place: string, cause?: unknown): DataError {
  return new DataError(`${place} is not the record of a run`, {
    code: "DATA_RUN_RECORD",
    hint: "choose another --checkpoint-dir, or remove the file if its checkpoints are not needed",
    cause,
  });
}
