import type { Clock } from "../ports/index.ts";

/**
 * A source, Flink's FLIP-27 shape: an enumerator (one per job) finds splits and hands them to
 * readers (one per subtask), which turn splits into records.
 *
 *   S1  a split belongs to exactly one of: the enumerator, one reader, finished
 *   S2  a reader's snapshot lists every split it still has to read, each with its position
 *   S3  after a restore all splits of all readers go back to the enumerator, which hands them out
 *       again in the source's own order; so a rescale needs no other rule
 */
export interface Source<T, Split = unknown, EnumeratorState = unknown> {
  /** For plans and errors, e.g. `file(data/*.parquet)`. */
  readonly describe: string;
  readonly boundedness: "bounded" | "unbounded";
  /** Whether a restore can read everything since the checkpoint again; `explain` prints it. */
  readonly replayable: boolean;
  /** `state` is null on a fresh start. */
  createEnumerator(
    context: EnumeratorContext<Split>,
    state: EnumeratorState | null,
  ): SplitEnumerator<Split, EnumeratorState>;
  createReader(context: ReaderContext): SourceReader<T, Split>;
  /** A split's stable name, e.g. `a.parquet#3`. Used for watermarks, errors and progress. */
  splitId(split: Split): string;
}

export interface EnumeratorContext<Split> {
  readonly parallelism: number;
  /** Gives a split to a reader. It arrives before the reader's next `poll`. */
  assign(split: Split, subtask: number): void;
  /** Tells a reader that no split follows: it may end. */
  noMoreSplits(subtask: number): void;
  /** Fails the job, e.g. when discovery in the background failed. */
  fail(error: unknown): void;
}

/** Runs in the job's coordinator. All state that `snapshot` returns must fit the value codec. */
export interface SplitEnumerator<Split, State> {
  start(): void | Promise<void>;
  /** The reader of `subtask` has no split left and asks for one. */
  handleSplitRequest(subtask: number): void;
  /** Takes back splits after a restore (S3); called before `start`'s splits are handed out. */
  addSplitsBack(splits: readonly Split[]): void;
  snapshot(checkpoint: number): State;
  /**
   * How much there is to read in all, also in earlier attempts, and how much of it no reader has;
   * in any one unit, for progress displays. Null while unknown.
   */
  work?(): { readonly total: number; readonly unassigned: number } | null;
  close?(): void | Promise<void>;
}

export interface ReaderContext {
  readonly subtask: number;
  readonly parallelism: number;
  /** Processing time, for sources that limit their rate. */
  readonly clock: Clock;
  /** Asks the enumerator for a split. The answer is `addSplits` or `noMoreSplits`. */
  requestSplit(): void;
  /** Tells the host that `poll` has something to do again. Cheap; may be called at any time. */
  wake(): void;
  /** As `wake`, once the clock shows `timestampMs`. A later call replaces an earlier one. */
  wakeAt(timestampMs: number): void;
  /** Fails the job from background work (a read that failed). */
  fail(error: unknown): void;
}

/** What `poll` did. `more`: call again at once; `idle`: nothing until `wake`; `end`: never anything again. */
export type PollResult = "more" | "idle" | "end";

/**
 * Reads splits. I/O happens in the background; `poll` is synchronous and only hands over records
 * that are already in memory.
 */
export interface SourceReader<T, Split> {
  start?(): void | Promise<void>;
  /** Emits at most about `recordsMax` records into `output`. */
  poll(output: ReaderOutput<T>, recordsMax: number): PollResult;
  addSplits(splits: readonly Split[]): void;
  noMoreSplits(): void;
  /** The unfinished splits with their positions, as of the records emitted so far (S2). */
  snapshot(checkpoint: number): readonly Split[];
  /**
   * Resolves when a read in the background has ended, so that `poll` may have something; null while
   * none is under way. Who runs turns in short-lived processes waits for it instead of for `wake`;
   * a reader that reads in the background and has no `pending` is looked at once a second there.
   */
  pending?(): Promise<void> | null;
  /** How much of its splits it still has to read, in the enumerator's unit of `work`. */
  workLeft?(): number;
  /** The checkpoint is complete (sources that acknowledge outside, as SQS). */
  notifyCheckpointComplete?(checkpoint: number): void | Promise<void>;
  close?(): void | Promise<void>;
}

/** Where a reader puts its records. One output per split keeps a watermark per split. */
export interface ReaderOutput<T> {
  /** The output of one split; the same object for the same id until `release`. */
  split(splitId: string): SplitOutput<T>;
  /** The split is finished: its watermark no longer holds back the subtask's. */
  release(splitId: string): void;
}

export interface SplitOutput<T> {
  /**
   * Emits a record. `timestamp` is the source's own event time (a broker's for instance), which a
   * strategy's `timestamp` function may replace; NO_TIMESTAMP if the source knows none.
   * `position` is the record's number within its split, for errors.
   */
  collect(value: T, timestamp: number, position: number): void;
  /**
   * Hands over a record that could not be decoded, in place of `collect`: it goes to the dead
   * letters (`raw`, cut to a sensible size by the source), or is thrown when there are none.
   */
  dirty(raw: unknown, error: unknown, position: number): void;
}
