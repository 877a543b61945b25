import type {
  PollResult,
  ReaderOutput,
  Source,
  SourceReader,
  SplitEnumerator,
  SplitOutput,
} from "../../../core/connector/index.ts";

/** A record as a reader emitted it. */
export interface Emitted<T> {
  readonly subtask: number;
  readonly split: string;
  readonly position: number;
  readonly value: T;
}

export interface Dirty {
  readonly split: string;
  readonly position: number;
  readonly raw: unknown;
  readonly error: unknown;
}

/** A cut through a source, as a checkpoint holds it. */
export interface Cut {
  readonly enumerator: unknown;
  readonly splits: readonly unknown[];
}

export interface RunOptions<T = never> {
  /** Takes the records in place of `emitted`, for runs of millions. */
  readonly onRecord?: (value: T, split: string) => void;
  readonly parallelism?: number;
  readonly recordsMax?: number;
  readonly restore?: Cut;
  /** Ends the run with a cut when this many records were emitted. */
  readonly stopAfter?: number;
}

/** Runs a source's enumerator and readers by themselves, in the order in which they are woken. */
export class SourceHarness<T> {
  readonly emitted: Emitted<T>[] = [];
  readonly dirty: Dirty[] = [];
  /** Splits in the order in which they were handed out. */
  readonly assigned: string[] = [];
  readonly released: string[] = [];
  /** What readers asked `wakeAt` for, latest last. */
  readonly wakeUps: number[] = [];
  readonly ended = new Set<number>();
  now = 0;
  readonly #source: Source<T>;
  readonly #options: RunOptions<T>;
  readonly #enumerator: SplitEnumerator<unknown, unknown>;
  readonly #readers: SourceReader<T, unknown>[] = [];
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor(source: Source<T>, options: RunOptions<T> = {}) {
    this.#source = source;
    this.#options = options;
    const parallelism = options.parallelism ?? 1;
    this.#enumerator = source.createEnumerator(
      {
        parallelism,
        assign: (split, subtask) => this.#assign(split, subtask),
        noMoreSplits: (subtask) => this.#readers[subtask]?.noMoreSplits(),
        fail: (error) => this.#fail(error),
      },
      plain(options.restore?.enumerator ?? null),
    );
    for (let subtask = 0; subtask < parallelism; subtask++) {
      this.#readers.push(this.#createReader(subtask, parallelism));
    }
    if (options.restore !== undefined)
      this.#enumerator.addSplitsBack(plain(options.restore.splits));
  }

  async start(): Promise<void> {
    for (const reader of this.#readers) await reader.start?.();
    await this.#enumerator.start();
  }

  /** Polls each reader once; false when no reader emitted or has more to do at once. */
  round(): boolean {
    let busy = false;
    for (const [subtask, reader] of this.#readers.entries()) {
      if (this.ended.has(subtask) || this.#stopped()) continue;
      if (this.#poll(subtask, reader) === "more") busy = true;
    }
    return busy;
  }

  /** From start to the end of all readers, or to `stopAfter`. */
  async run(): Promise<this> {
    try {
      await this.start();
      while (!this.#finished()) {
        if (this.#failure !== null) throw this.#failure.error;
        const woken = new Promise<void>((resolve) => (this.#wake = resolve));
        if (!this.round() && !this.#finished()) await woken;
      }
    } finally {
      await this.close();
    }
    return this;
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) await reader.close?.();
    await this.#enumerator.close?.();
  }

  cut(): Cut {
    return plain({
      enumerator: this.#enumerator.snapshot(1),
      splits: this.#readers.flatMap((reader) => reader.snapshot(1)),
    });
  }

  /** The share done, from 0 to 1; null while unknown. */
  get done(): number | null {
    const work = this.#enumerator.work?.() ?? null;
    if (work === null) return null;
    const reading = this.#readers.reduce((sum, reader) => sum + (reader.workLeft?.() ?? 0), 0);
    return 1 - (work.unassigned + reading) / work.total;
  }

  get values(): T[] {
    return this.emitted.map((record) => record.value);
  }

  #createReader(subtask: number, parallelism: number): SourceReader<T, unknown> {
    return this.#source.createReader({
      subtask,
      parallelism,
      clock: { now: () => this.now },
      requestSplit: () => this.#enumerator.handleSplitRequest(subtask),
      wake: () => this.#wake?.(),
      wakeAt: (timestampMs) => this.wakeUps.push(timestampMs),
      fail: (error) => this.#fail(error),
    });
  }

  #assign(split: unknown, subtask: number): void {
    this.assigned.push(this.#source.splitId(split));
    this.#readers[subtask]?.addSplits([plain(split)]);
  }

  #poll(subtask: number, reader: SourceReader<T, unknown>): PollResult {
    const left = (this.#options.stopAfter ?? Infinity) - this.emitted.length - this.dirty.length;
    const result = reader.poll(
      this.#output(subtask),
      Math.min(left, this.#options.recordsMax ?? 1_000),
    );
    if (result === "end") this.ended.add(subtask);
    return result;
  }

  #output(subtask: number): ReaderOutput<T> {
    const { onRecord } = this.#options;
    return {
      split: (split): SplitOutput<T> => ({
        collect: (value, _timestamp, position) => {
          if (onRecord === undefined) this.emitted.push({ subtask, split, position, value });
          else onRecord(value, split);
        },
        dirty: (raw, error, position) => {
          this.dirty.push({ split, position, raw, error });
        },
      }),
      release: (split) => this.released.push(split),
    };
  }

  #finished(): boolean {
    return this.ended.size === this.#readers.length || this.#stopped();
  }

  #stopped(): boolean {
    return this.emitted.length + this.dirty.length >= (this.#options.stopAfter ?? Infinity);
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#wake?.();
  }
}

/** Through JSON, so that state which is no plain data does not survive. */
function plain<V>(value: V): V {
  return JSON.parse(JSON.stringify(value)) as V;
}

export function runSource<T>(
  source: Source<T>,
  options: RunOptions<T> = {},
): Promise<SourceHarness<T>> {
  return new SourceHarness(source, options).run();
}

/** All records of a run that is cut after `stopAfter` records and goes on from the cut. */
export async function runCut<T>(
  source: () => Source<T>,
  stopAfter: number,
  before: RunOptions<T>,
  after: RunOptions<T>,
): Promise<{ readonly first: SourceHarness<T>; readonly rest: SourceHarness<T> }> {
  const first = await runSource(source(), { ...before, stopAfter });
  const rest = await runSource(source(), { ...after, restore: first.cut() });
  return { first, rest };
}
