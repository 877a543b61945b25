import type { ApplyPosition, Committer, Sink, SinkWriter, WriteAheadApplier } from "./sink.ts";

export interface WriteAheadSinkOptions<T> {
  /** For plans and errors, e.g. `orders(dynamodb)`. */
  readonly describe: string;
  /** Writes records once per position; made once per subtask and use. */
  readonly applier: () => WriteAheadApplier<T>;
}

/** What a writer without committed turns hands over at a barrier. */
export interface WriteAheadCommittable<T> {
  readonly position: ApplyPosition;
  readonly values: readonly T[];
  readonly timestamps: readonly number[];
}

/**
 * A sink whose target can keep a guard beside the data: a table with transactions, a database. Each
 * batch of records comes with a position, and the target writes it only if it has not seen that
 * position or a later one of the same `(runId, uid, subtask)`.
 *
 * A host that commits every turn writes the records of a turn as soon as it is committed; the
 * embedded host writes them when a checkpoint completes. Both are exactly-once as long as nobody
 * rolls back: after a restore, what was written since the checkpoint comes again under new positions.
 *
 * @example
 * const orders = writeAheadSink<Order>({ describe: "orders", applier: () => ({
 *   async apply(values, timestamps, position) { await table.writeIfNewer(position, values); },
 *   async fence(position) { await table.writeIfNewer(position, []); },
 * }) });
 */
export function writeAheadSink<T>(
  options: WriteAheadSinkOptions<T>,
): Sink<T, WriteAheadCommittable<T>> {
  const { describe, applier } = options;
  return {
    describe,
    guarantee: "exactly-once",
    createWriter: ({ runId, uid, subtask }) => new WriteAheadWriter<T>({ runId, uid, subtask }),
    createCommitter: () => new WriteAheadCommitter<T>(applier()),
    createApplier: applier,
  };
}

class WriteAheadWriter<T> implements SinkWriter<T, WriteAheadCommittable<T>> {
  readonly #of: Pick<ApplyPosition, "runId" | "uid" | "subtask">;
  #values: T[] = [];
  #timestamps: number[] = [];

  constructor(of: Pick<ApplyPosition, "runId" | "uid" | "subtask">) {
    this.#of = of;
  }

  write(value: T, timestamp: number): void {
    this.#values.push(value);
    this.#timestamps.push(timestamp);
  }

  async prepareCommit(checkpoint: number): Promise<readonly WriteAheadCommittable<T>[]> {
    if (this.#values.length === 0) return [];
    const values = this.#values;
    const timestamps = this.#timestamps;
    this.#values = [];
    this.#timestamps = [];
    // The embedded host is always in one generation, and its checkpoints are its versions.
    const position = { ...this.#of, generation: 0, version: checkpoint };
    return [{ position, values, timestamps }];
  }
}

class WriteAheadCommitter<T> implements Committer<WriteAheadCommittable<T>> {
  readonly #applier: WriteAheadApplier<T>;

  constructor(applier: WriteAheadApplier<T>) {
    this.#applier = applier;
  }

  async commit(committables: readonly WriteAheadCommittable<T>[]): Promise<void> {
    const inOrder = committables.toSorted((a, b) => a.position.version - b.position.version);
    for (const { values, timestamps, position } of inOrder) {
      await this.#applier.apply(values, timestamps, position);
    }
  }
}
