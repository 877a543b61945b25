import { NO_TIMESTAMP } from "../timestamp.ts";
import type { PollResult, ReaderContext, ReaderOutput, SourceReader } from "./source.ts";

/** The indexes `first`, `first + stride`, ... of a computed source; `count` of them, null: without end. */
export interface IndexSplit {
  readonly id: string;
  readonly first: number;
  readonly stride: number;
  readonly count: number | null;
  /** Records emitted so far. */
  readonly position: number;
}

/** Records of a split that are still to come; 0 for one without end. */
export function recordsLeft(split: IndexSplit): number {
  return split.count === null ? 0 : split.count - split.position;
}

export interface IndexedReaderOptions<T> {
  readonly valueAt: (index: number) => T;
  /** Of the whole source; a split with stride n has an n-th of it. Null: as fast as possible. */
  readonly ratePerSecond: number | null;
}

interface ActiveSplit {
  readonly split: IndexSplit;
  readonly end: number;
  /** Milliseconds between two records; 0 without a rate. */
  readonly intervalMs: number;
  position: number;
  /** When the next record may be emitted; only used with a rate. */
  dueMs: number;
}

/** After a pause a split catches up with at most this much of its rate. */
const CATCH_UP_MS = 1_000;

/**
 * A reader for sources that compute record `i` from `i` alone. Nothing is read in the background.
 *
 *   X1  its splits take turns, one `poll` each, so that endless splits do not starve each other
 *   X2  with a rate, a split emits its n-th record no earlier than n intervals after its start
 */
export class IndexedReader<T> implements SourceReader<T, IndexSplit> {
  readonly #context: ReaderContext;
  readonly #options: IndexedReaderOptions<T>;
  /** The first is next to emit (X1). */
  #splits: ActiveSplit[] = [];
  #noMore = false;

  constructor(context: ReaderContext, options: IndexedReaderOptions<T>) {
    this.#context = context;
    this.#options = options;
  }

  start(): void {
    if (this.#splits.length === 0) this.#context.requestSplit();
  }

  poll(output: ReaderOutput<T>, recordsMax: number): PollResult {
    for (let tries = this.#splits.length; tries > 0; tries--) {
      const active = this.#splits.shift();
      if (active === undefined) break;
      const count = Math.min(recordsMax, active.end - active.position, this.#due(active));
      if (count > 0) this.#emit(active, output, count);
      if (active.position < active.end) this.#splits.push(active);
      else this.#finish(active, output);
      if (count > 0) return this.#after();
    }
    return this.#after() === "end" ? "end" : this.#rest();
  }

  addSplits(splits: readonly IndexSplit[]): void {
    const rate = this.#options.ratePerSecond;
    const now = this.#context.clock.now();
    for (const split of splits) {
      const end = split.count ?? Number.MAX_SAFE_INTEGER;
      const intervalMs = rate === null ? 0 : (1_000 * split.stride) / rate;
      this.#splits.push({ split, end, intervalMs, position: split.position, dueMs: now });
    }
    this.#context.wake();
  }

  noMoreSplits(): void {
    this.#noMore = true;
    this.#context.wake();
  }

  snapshot(): readonly IndexSplit[] {
    return this.#splits.map((active) => ({ ...active.split, position: active.position }));
  }

  workLeft(): number {
    return this.snapshot().reduce((sum, split) => sum + recordsLeft(split), 0);
  }

  #emit(active: ActiveSplit, output: ReaderOutput<T>, count: number): void {
    const { split } = active;
    const { valueAt } = this.#options;
    const target = output.split(split.id);
    const end = active.position + count;
    while (active.position < end) {
      const position = active.position++;
      target.collect(valueAt(split.first + position * split.stride), NO_TIMESTAMP, position);
    }
    active.dueMs += count * active.intervalMs;
  }

  /** How many records may be emitted now (X2). */
  #due(active: ActiveSplit): number {
    const { intervalMs } = active;
    if (intervalMs === 0) return Number.MAX_SAFE_INTEGER;
    const now = this.#context.clock.now();
    if (active.dueMs < now - CATCH_UP_MS) active.dueMs = now - CATCH_UP_MS;
    return active.dueMs > now ? 0 : Math.floor((now - active.dueMs) / intervalMs) + 1;
  }

  #finish(active: ActiveSplit, output: ReaderOutput<T>): void {
    output.release(active.split.id);
    if (this.#splits.length === 0 && !this.#noMore) this.#context.requestSplit();
  }

  #after(): PollResult {
    if (this.#splits.length > 0) return "more";
    return this.#noMore ? "end" : "idle";
  }

  /** Nothing is due: asks to be called when the first split is. */
  #rest(): PollResult {
    let earliest = Infinity;
    for (const active of this.#splits) earliest = Math.min(earliest, active.dueMs);
    if (earliest < Infinity) this.#context.wakeAt(Math.ceil(earliest));
    return "idle";
  }
}
