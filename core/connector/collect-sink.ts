import type { Committer, Sink, SinkPrepareContext, SinkWriter } from "./sink.ts";

/** Records of one subtask between two checkpoints. */
export interface CollectCommittable<T> {
  /** Of the sink in the plan: one collect sink may end several streams. */
  readonly uid: string;
  readonly subtask: number;
  readonly checkpoint: number;
  readonly writerId: string;
  readonly values: readonly T[];
}

export interface CollectSink<T> {
  readonly sink: Sink<T, CollectCommittable<T>>;
  /** What is committed so far, in the order of checkpoints. Grows while the job runs. */
  readonly values: readonly T[];
}

/**
 * Collects the records of a job in memory, for tests and `runJob`. Two-phase: a record is in
 * `values` when its checkpoint is complete, exactly once also over restarts within the process. A
 * fresh run with the same sink starts with an empty list.
 *
 * @example
 * const counts = collectSink<number>();
 * stream.sinkTo(counts.sink);
 * // after the job: counts.values
 */
export function collectSink<T>(): CollectSink<T> {
  const collected = new Collected<T>();
  return {
    values: collected.values,
    sink: {
      describe: "collect",
      guarantee: "exactly-once",
      prepare: (context) => collected.prepare(context),
      createWriter: ({ uid, subtask, writerId }) => new CollectWriter<T>(uid, subtask, writerId),
      createCommitter: () => collected,
    },
  };
}

/**
 * Everything committed in this process.
 *
 *   CS1  a (uid, subtask, checkpoint, writer) is collected once, however often it is committed
 *   CS2  after a restore nothing of a later checkpoint is left: its records come again
 */
class Collected<T> implements Committer<CollectCommittable<T>> {
  /** The same array for ever, because users hold it. */
  readonly values: T[] = [];
  #parts: CollectCommittable<T>[] = [];

  async prepare(context: SinkPrepareContext<CollectCommittable<T>>): Promise<void> {
    const restored = context.restoredCheckpoint ?? -1;
    this.#parts = this.#parts.filter(
      (part) => part.uid !== context.uid || part.checkpoint <= restored,
    );
    this.values.length = 0;
    for (const part of this.#parts) this.#append(part);
  }

  async commit(committables: readonly CollectCommittable<T>[]): Promise<void> {
    for (const part of committables) {
      if (this.#has(part)) continue;
      this.#parts.push(part);
      this.#append(part);
    }
  }

  #has(part: CollectCommittable<T>): boolean {
    return this.#parts.some(
      (other) =>
        other.checkpoint === part.checkpoint &&
        other.subtask === part.subtask &&
        other.writerId === part.writerId &&
        other.uid === part.uid,
    );
  }

  #append(part: CollectCommittable<T>): void {
    for (const value of part.values) this.values.push(value);
  }
}

class CollectWriter<T> implements SinkWriter<T, CollectCommittable<T>> {
  readonly #uid: string;
  readonly #subtask: number;
  readonly #writerId: string;
  #values: T[] = [];

  constructor(uid: string, subtask: number, writerId: string) {
    this.#uid = uid;
    this.#subtask = subtask;
    this.#writerId = writerId;
  }

  write(value: T): void {
    this.#values.push(value);
  }

  async prepareCommit(checkpoint: number): Promise<readonly CollectCommittable<T>[]> {
    if (this.#values.length === 0) return [];
    const values = this.#values;
    this.#values = [];
    const of = { uid: this.#uid, subtask: this.#subtask, writerId: this.#writerId };
    return [{ ...of, checkpoint, values }];
  }
}
