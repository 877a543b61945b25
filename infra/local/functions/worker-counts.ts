/** What a worker did, as far as it knows; lost with the worker. */
export interface WorkerCounts {
  /** Entries that were committed. */
  readonly turns: number;
  /** Of those entries, and of the objects that were stored. */
  readonly bytes: number;
  /** Records that sources read, also in turns that were not committed. */
  readonly records: number;
  /** Records that sinks were given, by `<uid>.<subtask>`; again when a turn is made again. */
  readonly sinks: Readonly<Record<string, number>>;
}

export const NO_COUNTS: WorkerCounts = Object.freeze({ turns: 0, bytes: 0, records: 0, sinks: {} });

export function addCounts(left: WorkerCounts, right: WorkerCounts): WorkerCounts {
  const sinks: Record<string, number> = { ...left.sinks };
  for (const [name, count] of Object.entries(right.sinks)) {
    sinks[name] = (sinks[name] ?? 0) + count;
  }
  return {
    turns: left.turns + right.turns,
    bytes: left.bytes + right.bytes,
    records: left.records + right.records,
    sinks,
  };
}

/** Counts until somebody takes the sums. */
export class Tally {
  #turns = 0;
  #bytes = 0;
  #sinks = new Map<string, number>();
  /** Public and plain, for it is counted record by record. */
  records = 0;

  turn(bytes: number): void {
    this.#turns += 1;
    this.#bytes += bytes;
  }

  object(bytes: number): void {
    this.#bytes += bytes;
  }

  sink(name: string, records: number): void {
    this.#sinks.set(name, (this.#sinks.get(name) ?? 0) + records);
  }

  /** What was counted since the last time. */
  take(): WorkerCounts {
    const counts = {
      turns: this.#turns,
      bytes: this.#bytes,
      records: this.records,
      sinks: Object.fromEntries(this.#sinks),
    };
    this.#turns = 0;
    this.#bytes = 0;
    this.records = 0;
    this.#sinks = new Map();
    return counts;
  }
}
