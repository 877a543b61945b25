import type { Clock, MetricGroup } from "../ports/index.ts";

/**
 * A sink, Flink's Sink V2 shape: a writer per subtask and, for two-phase sinks, a committer.
 *
 *   K1  what a writer got before barrier n is made durable but invisible by `prepareCommit` at n
 *   K2  the committables of n are part of checkpoint n, and committed only after n is complete
 *   K3  `commit` is idempotent: after a crash the same committables come again
 *   K4  what `prepareCommit` makes durable is told apart from that of every other writer
 *       (`writerId`), also of one that had the same records and was not heeded
 *   K5  a write-ahead sink (`createApplier`) writes what a committed turn says, once, without waiting
 *       for a checkpoint; a host without committed turns uses its writer and committer
 */
export interface Sink<T, Committable = unknown> {
  /** For plans and errors, e.g. `files(out/hourly)`. */
  readonly describe: string;
  /** What the sink keeps up if the source can be read again; `explain` prints it. */
  readonly guarantee: "exactly-once" | "at-least-once" | "none";
  /**
   * Once per start of the job, before any writer: checks that the target can be written, and
   * removes what an earlier attempt of the same run left behind.
   */
  prepare?(context: SinkPrepareContext<Committable>): Promise<void>;
  createWriter(context: SinkWriterContext): SinkWriter<T, Committable>;
  /** Present for two-phase sinks. One per subtask, for what its writer pre-committed. */
  createCommitter?(): Committer<Committable>;
  /** Present for write-ahead sinks: what a host that commits every turn uses in place of a writer. */
  createApplier?(): WriteAheadApplier<T>;
}

/**
 * Where records of a write-ahead sink come from. Positions of one (runId, uid, subtask) grow: first
 * by generation, then by version.
 */
export interface ApplyPosition {
  readonly runId: string;
  readonly uid: string;
  readonly subtask: number;
  readonly generation: number;
  readonly version: number;
}

/** Writes records exactly once, however often and late it is told to. */
export interface WriteAheadApplier<T> {
  /**
   * Writes `values` unless it has seen this position or a later one. Whether it has is decided in
   * one transaction with the write: a guard per (runId, uid, subtask).
   */
  apply(
    values: readonly T[],
    timestamps: readonly number[],
    position: ApplyPosition,
  ): Promise<void>;
  /** A restore: nothing of an older generation may be written any more, by whomever. */
  fence(position: ApplyPosition): Promise<void>;
}

export interface SinkPrepareContext<Committable> {
  /** Of the sink in the plan; tells two sinks of one job apart that share a target. */
  readonly uid: string;
  /** Stays the same over restores of one run; a fresh start has a new one. 8 hex digits. */
  readonly runId: string;
  /** The checkpoint the job is restored from; null on a fresh start. */
  readonly restoredCheckpoint: number | null;
  /** What the restored checkpoint holds pre-committed; committed right after `prepare`. */
  readonly committables: readonly Committable[];
  /** What savepoints of this run hold pre-committed: neither committed now nor to be deleted. */
  readonly retained: readonly Committable[];
  /** A line for the user (on standard error, or the log). */
  notice(line: string): void;
  /**
   * Something for people and tests to see, e.g. `before-rename out/part-1`. Sinks may keep it for
   * their writers and committers.
   */
  progress?(event: string): void;
}

export interface SinkWriterContext {
  /** As in `SinkPrepareContext`. */
  readonly uid: string;
  readonly runId: string;
  readonly subtask: number;
  readonly parallelism: number;
  /** The last checkpoint number before this attempt; the next barrier is greater. */
  readonly lastCheckpoint: number;
  /**
   * No other writer has it, also not one that does the same work again or at the same time: what is
   * staged outside under a name that holds it is nobody else's.
   */
  readonly writerId: string;
  /**
   * How many committables earlier writers of this subtask pre-committed for the same checkpoint: a
   * host of short-lived writers has several in one epoch. Names that count from 0 count on from it.
   */
  readonly firstIndex: number;
  readonly clock: Clock;
  readonly metrics: MetricGroup;
  /** Prints a line to the job's standard output. */
  print(line: string): void;
}

/** Takes records of one subtask. `write` is synchronous: it buffers; I/O happens in the background or in `flush`. */
export interface SinkWriter<T, Committable> {
  write(value: T, timestamp: number): void;
  /** Null while the writer takes more; else resolves when it does (a slow sink slows the source). */
  backlog?(): Promise<void> | null;
  /** Before every cut and at the end of input: everything written so far is handed over. */
  flush?(endOfInput: boolean): Promise<void>;
  /** After `flush`, at barrier `checkpoint`: what became durable since the last one (K1). */
  prepareCommit?(checkpoint: number): Promise<readonly Committable[]>;
  close?(): void | Promise<void>;
}

export interface Committer<Committable> {
  /** Makes visible, once and for ever (K3). A rejection fails the job and is tried again after its restart. */
  commit(committables: readonly Committable[]): Promise<void>;
  close?(): void | Promise<void>;
}
