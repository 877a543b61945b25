import { type RecordStore, unbounded } from "../../../core/ports/index.ts";
import { type JobRecord, readJobRecord } from "../../../core/protocol/job-record.ts";

export interface RecordWatchOptions {
  readonly records: RecordStore;
  readonly job: string;
  /** How the job stands now, or a little before. */
  readonly onRecord: (record: JobRecord) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Looks at a job's record whenever there is a reason to.
 *
 *   RW1  one look at a time; a reason that comes meanwhile is another look
 */
export class RecordWatch {
  readonly #options: RecordWatchOptions;
  #looking = false;
  #again = false;

  constructor(options: RecordWatchOptions) {
    this.#options = options;
  }

  async read(): Promise<JobRecord | null> {
    const { records, job } = this.#options;
    return (await readJobRecord(records, job, unbounded))?.record ?? null;
  }

  look(): void {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    this.#looks()
      .catch((error: unknown) => this.#options.onFailure(error))
      .finally(() => (this.#looking = false));
  }

  async #looks(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const record = await this.read();
      if (record !== null) await this.#options.onRecord(record);
    }
  }
}
