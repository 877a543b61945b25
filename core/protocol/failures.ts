import { MillraceError } from "../errors.ts";
import type { RecordStore } from "../ports/index.ts";
import { fromBytes, toBytes } from "../record/index.ts";
import type { RestartSettings } from "../runtime/program.ts";
import { type Address, addressName } from "./address.ts";
import { readJobRecord, writeJobRecord } from "./job-record.ts";
import type { TurnToken } from "./turn-token.ts";

/** User code, or the engine, failed in a turn at `version`; nothing of the turn has an effect. */
export class TaskFailure extends Error {
  readonly version: number;

  constructor(cause: unknown, version: number) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "TaskFailure";
    this.version = version;
  }

  describe(): string {
    const { cause } = this;
    if (cause instanceof MillraceError) return cause.describe();
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : this.message;
  }
}

/** What is to become of a failed turn's messages: again after a while, or the job is FAILED. */
export type FailureVerdict =
  { readonly kind: "again"; readonly delayMs: number } | { readonly kind: "failed" };

export interface FailureLogOptions {
  readonly records: RecordStore;
  readonly job: string;
  readonly generation: number;
  readonly restart: RestartSettings;
}

/**
 * The durable failure entries of a job's subtasks (design 11).
 *
 *   FL1  attempts count per head: a turn that is committed begins anew
 *   FL2  when they are used up, the job's record says FAILED, with the error; no message is deleted
 */
export class FailureLog {
  readonly #options: FailureLogOptions;

  constructor(options: FailureLogOptions) {
    this.#options = options;
  }

  async record(address: Address, failure: TaskFailure, token: TurnToken): Promise<FailureVerdict> {
    const { records } = this.#options;
    const key = this.#key(address);
    const before = await records.get(key, token);
    token.check();
    const settled = before === null || before.bytes.length === 0;
    const known = settled ? null : (fromBytes(before.bytes) as StoredFailure);
    const attempts = known?.[0] === failure.version ? known[1] + 1 : 1;
    const stored: StoredFailure = [failure.version, attempts, failure.describe()];
    await records.put(key, toBytes(stored), before?.revision ?? 0, token);
    token.check();
    const delayMs = this.#delay(attempts);
    if (delayMs !== null) return { kind: "again", delayMs };
    await this.#fail(address, failure, token);
    return { kind: "failed" };
  }

  /** Null: no attempt is left. */
  #delay(attempts: number): number | null {
    const { restart } = this.#options;
    if (restart.kind === "none" || attempts > restart.attempts) return null;
    return restart.delayMs;
  }

  async #fail(address: Address, failure: TaskFailure, token: TurnToken): Promise<void> {
    const { records, job, generation } = this.#options;
    const current = await readJobRecord(records, job, token);
    token.check();
    if (current === null || current.record.generation !== generation) return;
    if (current.record.phase !== "running" && current.record.phase !== "stopping") return;
    const failed = {
      ...current.record,
      phase: "failed" as const,
      failure: { message: failure.describe(), at: addressName(address) },
    };
    await writeJobRecord(records, failed, current.revision, token);
    token.check();
  }

  #key(address: Address): string {
    const { job, generation } = this.#options;
    return `${job}/${generation}/failures/${addressName(address)}`;
  }
}

type StoredFailure = readonly [version: number, attempts: number, message: string];
