import type { PollResult, ReaderOutput, SourceReader, SplitOutput } from "../connector/source.ts";
import { DataError, show } from "../errors.ts";
import { limits } from "../limits.ts";
import type { OperatorList } from "../state/index.ts";
import {
  type Budget,
  type IdlenessState,
  IdlenessTimer,
  type SplitWatermark,
  SplitWatermarks,
  type WatermarkGenerator,
  type WatermarkOutput,
  type WatermarkStrategy,
} from "../time/index.ts";
import { MAX_TIMESTAMP, MIN_WATERMARK, NO_TIMESTAMP } from "../timestamp.ts";
import type { Output } from "./operator.ts";
import type { OperatorChain } from "./operator-chain.ts";
import type { SourceImplementation } from "./program.ts";
import type { TaskEnvironment } from "./task-environment.ts";
import { DEAD_LETTERS, type DeadLetter, type UndoLog, errorOf } from "./undo-log.ts";

/** What a source task knows of one split beside its position. */
export interface SplitProgress {
  readonly watermark: number;
  readonly idle: boolean;
  /** As `WatermarkGenerator.capture` gave it; null: nothing. */
  readonly generator: unknown;
  readonly idleness: IdlenessState | null;
}

/** What a source task must not lose between two turns in different processes. */
export interface SourceProgress {
  readonly emittedWatermark: number;
  readonly idle: boolean;
  readonly combined: { readonly current: number; readonly idle: boolean };
  readonly watermarks: readonly (SplitProgress & { readonly id: string })[];
  readonly unfinished: readonly unknown[];
  readonly noMoreSplits: boolean;
  readonly ended: boolean;
}

/** The list state that holds a reader's unfinished splits. */
export const SPLITS = "splits";

/**
 * The head of a source task: asks the reader for records, gives them event time and makes
 * watermarks, one generator per split.
 *
 *   SD1  the subtask's watermark is the minimum over its active splits and never goes back
 *   SD2  a snapshot lists the reader's unfinished splits with their positions
 */
export class SourceDriver implements ReaderOutput<unknown> {
  readonly #source: SourceImplementation["source"];
  readonly #reader: SourceReader<unknown, unknown>;
  readonly #chain: OperatorChain;
  readonly #environment: TaskEnvironment;
  readonly #strategy: WatermarkStrategy<unknown>;
  readonly #outputs = new Map<string, DrivenSplit>();
  readonly #splits: OperatorList<unknown>;
  readonly #watermarks = new SplitWatermarks();
  readonly #counters: SourceCounters = { records: 0, position: 0, split: "" };
  #emittedWatermark = MIN_WATERMARK;
  #idle = false;
  #readerWakeUp: number | null = null;
  #idleWakeUp: number | null = null;
  #ended = false;
  #noMoreSplits = false;

  constructor(
    implementation: SourceImplementation,
    chain: OperatorChain,
    environment: TaskEnvironment,
  ) {
    this.#chain = chain;
    this.#environment = environment;
    this.#source = implementation.source;
    this.#strategy = implementation.watermarks;
    this.#splits = chain.head.operatorState.list(SPLITS);
    this.#splits.update([]);
    this.#reader = implementation.source.createReader({
      subtask: environment.subtask,
      parallelism: chain.head.node.parallelism,
      clock: environment.clock,
      requestSplit: () => environment.requestSplit(),
      wake: () => environment.wake(),
      wakeAt: (timestampMs) => {
        this.#readerWakeUp = timestampMs;
      },
      fail: (error) => environment.fail(error),
    });
  }

  /** Records emitted so far. */
  get records(): number {
    return this.#counters.records;
  }

  /** What the reader's splits still hold, in the source's unit of work. */
  get workLeft(): number {
    return this.#reader.workLeft?.() ?? 0;
  }

  get watermark(): number {
    return this.#emittedWatermark;
  }

  /** `record 17 of a.parquet#3`: the record that is being emitted, or was last. */
  get position(): string {
    return describePosition(this.#counters);
  }

  get wakeUp(): number | null {
    if (this.#ended) return null;
    if (this.#readerWakeUp === null) return this.#idleWakeUp;
    if (this.#idleWakeUp === null) return this.#readerWakeUp;
    return Math.min(this.#readerWakeUp, this.#idleWakeUp);
  }

  async open(): Promise<void> {
    await this.#reader.start?.();
  }

  async close(): Promise<void> {
    await this.#reader.close?.();
  }

  /** A split holds the watermark back from now on, not only from its first record (SD1). */
  addSplits(splits: readonly unknown[]): void {
    for (const split of splits) this.split(this.#source.splitId(split));
    this.#reader.addSplits(splits);
  }

  noMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#reader.noMoreSplits();
  }

  /** As `SourceReader.pending`. */
  pending(): Promise<void> | null {
    return this.#reader.pending?.() ?? null;
  }

  /** Whether the reader tells of reads in the background by itself. */
  get tellsPending(): boolean {
    return this.#reader.pending !== undefined;
  }

  /** The unfinished splits, each with its position (S2). */
  unfinished(checkpoint: number): readonly unknown[] {
    return this.#reader.snapshot(checkpoint);
  }

  /** Everything a source task knows, as a value of the codec; for a host that keeps it over turns. */
  capture(checkpoint: number): SourceProgress {
    return {
      emittedWatermark: this.#emittedWatermark,
      idle: this.#idle,
      combined: this.#watermarks.capture(),
      watermarks: [...this.#outputs].map(([id, output]) => ({ id, ...output.capture() })),
      unfinished: this.unfinished(checkpoint),
      noMoreSplits: this.#noMoreSplits,
      ended: this.#ended,
    };
  }

  /** Before `open`: goes on where `capture` was called. */
  resume(progress: SourceProgress): void {
    this.#emittedWatermark = progress.emittedWatermark;
    this.#idle = progress.idle;
    this.#watermarks.resume(progress.combined);
    for (const captured of progress.watermarks) {
      this.#outputs.set(captured.id, this.#drivenSplit(captured.id, captured));
    }
    this.#ended = progress.ended;
    if (progress.unfinished.length > 0) this.#reader.addSplits(progress.unfinished);
    if (progress.noMoreSplits) this.noMoreSplits();
  }

  async notifyCheckpointComplete(checkpoint: number): Promise<void> {
    await this.#reader.notifyCheckpointComplete?.(checkpoint);
  }

  snapshot(checkpoint: number): void {
    this.#splits.update(this.#reader.snapshot(checkpoint));
  }

  /** Emits until the budget is used up or the reader has nothing in memory. */
  poll(budget: Budget): PollResult {
    this.#readerWakeUp = null;
    const recordsMax = this.#environment.pollRecordsMax ?? limits.batchRecordsMax;
    let result: PollResult;
    do {
      result = this.#reader.poll(this, recordsMax);
    } while (result === "more" && !budget.exhausted());
    this.#ended = result === "end";
    this.#emitWatermark();
    return result;
  }

  split(splitId: string): SplitOutput<unknown> {
    let output = this.#outputs.get(splitId);
    if (output === undefined) {
      output = this.#drivenSplit(splitId);
      this.#outputs.set(splitId, output);
    }
    return output;
  }

  release(splitId: string): void {
    const output = this.#outputs.get(splitId);
    if (output === undefined) return;
    output.periodic(this.#environment.clock.now());
    this.#outputs.delete(splitId);
    output.release();
  }

  #drivenSplit(splitId: string, captured: SplitProgress | null = null): DrivenSplit {
    const { out, node } = this.#chain.head;
    const { undo } = this.#chain;
    const options: DrivenSplitOptions = {
      splitId,
      source: node.uid,
      strategy: this.#strategy,
      watermarks: this.#watermarks,
      counters: this.#counters,
      captured,
      out: undo === null ? out : new UndoableSource(out, undo, this.#chain, this.#counters),
      onDirty: (raw, error) => this.#onDirty(raw, error),
    };
    return undo === null ? new DrivenSplit(options) : new UndoableSplit(options, undo, this.#chain);
  }

  #onDirty(raw: unknown, error: unknown): void {
    const { undo, head } = this.#chain;
    if (undo === null) throw error;
    this.#counters.records += 1;
    emitDeadLetter(this.#chain, head.node.uid, raw, NO_TIMESTAMP, this.position, error);
    undo.commit();
  }

  /** After the records of a turn: periodic generators, idleness, combined watermark (SD1). */
  #emitWatermark(): void {
    const now = this.#environment.clock.now();
    for (const output of this.#outputs.values()) output.periodic(now);
    const { out } = this.#chain.head;
    const { current, idle } = this.#watermarks;
    // A receiver ignores the watermark of an idle input: who gets active says so first.
    if (!idle) this.#setIdle(false);
    if (current > this.#emittedWatermark) {
      this.#emittedWatermark = current;
      out.watermark(current);
    }
    this.#setIdle(idle);
    this.#idleWakeUp = this.#nextIdleCheck(now);
  }

  #setIdle(idle: boolean): void {
    if (this.#idle === idle) return;
    this.#idle = idle;
    this.#chain.head.out.status(idle);
  }

  #nextIdleCheck(now: number): number | null {
    if (this.#idle) return null;
    let earliest: number | null = null;
    for (const output of this.#outputs.values()) {
      const due = output.nextIdleCheck(now);
      if (due !== null && (earliest === null || due < earliest)) earliest = due;
    }
    return earliest;
  }
}

/** Shared by all splits of a source subtask. */
interface SourceCounters {
  records: number;
  /** The record at work. */
  position: number;
  split: string;
}

interface DrivenSplitOptions {
  readonly splitId: string;
  readonly source: string;
  readonly strategy: WatermarkStrategy<unknown>;
  readonly watermarks: SplitWatermarks;
  readonly counters: SourceCounters;
  /** Null for a split that is new. */
  readonly captured: SplitProgress | null;
  readonly out: Output<unknown>;
  readonly onDirty: (raw: unknown, error: unknown) => void;
}

/** The output of one split: event time and watermarks of its records. */
class DrivenSplit implements SplitOutput<unknown> {
  readonly #splitId: string;
  readonly #source: string;
  readonly #timestamp: ((value: unknown, sourceTimestamp: number) => number) | null;
  readonly #generator: WatermarkGenerator<unknown> | null;
  readonly #idleness: IdlenessTimer | null;
  readonly #watermarks: SplitWatermarks;
  readonly #watermark: SplitWatermark;
  readonly #watermarkOutput: WatermarkOutput;
  readonly #counters: SourceCounters;
  readonly #out: Output<unknown>;
  readonly #onDirty: (raw: unknown, error: unknown) => void;

  constructor(options: DrivenSplitOptions) {
    const { strategy, splitId, watermarks } = options;
    this.#splitId = splitId;
    this.#source = options.source;
    this.#timestamp = strategy.timestamp;
    this.#generator = strategy.createGenerator?.() ?? null;
    this.#idleness = strategy.idlenessMs === null ? null : new IdlenessTimer(strategy.idlenessMs);
    this.#watermarks = watermarks;
    const { captured } = options;
    const watermark =
      captured === null
        ? watermarks.add()
        : watermarks.addCaptured(captured.watermark, captured.idle);
    this.#watermark = watermark;
    if (captured !== null) {
      if (captured.generator !== null) this.#generator?.resume?.(captured.generator);
      if (captured.idleness !== null) this.#idleness?.resume(captured.idleness);
    }
    this.#watermarkOutput = {
      emit: (timestamp) => {
        watermarks.update(watermark, timestamp);
      },
    };
    this.#counters = options.counters;
    this.#out = options.out;
    this.#onDirty = options.onDirty;
  }

  collect(value: unknown, sourceTimestamp: number, position: number): void {
    this.emit(value, this.timeOf(value, sourceTimestamp, position));
  }

  /** Takes the record in and gives it event time. */
  protected timeOf(value: unknown, sourceTimestamp: number, position: number): number {
    const counters = this.#counters;
    counters.records += 1;
    counters.position = position;
    counters.split = this.#splitId;
    if (this.#timestamp === null) return sourceTimestamp;
    const timestamp = this.#timestamp(value, sourceTimestamp);
    if (!Number.isSafeInteger(timestamp)) this.#refuseTimestamp(timestamp);
    return timestamp;
  }

  protected emit(value: unknown, timestamp: number): void {
    if (this.#generator !== null) {
      this.#generator.onEvent(value, timestamp, this.#watermarkOutput);
    }
    if (this.#idleness !== null) this.#idleness.activity();
    this.#out.process(value, timestamp);
  }

  dirty(raw: unknown, error: unknown, position: number): void {
    this.#counters.position = position;
    this.#counters.split = this.#splitId;
    this.#onDirty(raw, error);
  }

  periodic(now: number): void {
    if (this.#generator !== null) this.#generator.onPeriodicEmit(this.#watermarkOutput);
    if (this.#idleness !== null) {
      this.#watermarks.setIdle(this.#watermark, this.#idleness.check(now));
    }
  }

  capture(): SplitProgress {
    return {
      watermark: this.#watermark.watermark,
      idle: this.#watermark.idle,
      generator: this.#generator?.capture?.() ?? null,
      idleness: this.#idleness?.capture() ?? null,
    };
  }

  /** When `periodic` is due again although no record comes. */
  nextIdleCheck(now: number): number | null {
    if (this.#idleness === null || this.#watermark.idle) return null;
    return this.#idleness.idleFrom ?? now + 1;
  }

  release(): void {
    this.#watermarks.remove(this.#watermark);
  }

  #refuseTimestamp(timestamp: unknown): never {
    throw new DataError(`timestamp is not an integer (got ${show(timestamp)})`, {
      code: "DATA_TIMESTAMP",
      where: { operator: this.#source, position: describePosition(this.#counters) },
      hint: `return whole milliseconds between -${MAX_TIMESTAMP} and ${MAX_TIMESTAMP} from "timestamp"`,
    });
  }
}

/** With dead letters on: a record whose event time cannot be told is a refused one too. */
class UndoableSplit extends DrivenSplit {
  readonly #undo: UndoLog;
  readonly #chain: OperatorChain;
  readonly #counters: SourceCounters;

  constructor(options: DrivenSplitOptions, undo: UndoLog, chain: OperatorChain) {
    super(options);
    this.#undo = undo;
    this.#chain = chain;
    this.#counters = options.counters;
  }

  override collect(value: unknown, sourceTimestamp: number, position: number): void {
    let timestamp: number;
    try {
      timestamp = this.timeOf(value, sourceTimestamp, position);
    } catch (error) {
      this.#refuse(value, sourceTimestamp, error);
      return;
    }
    this.emit(value, timestamp);
  }

  #refuse(value: unknown, timestamp: number, error: unknown): void {
    const { uid } = this.#chain.head.node;
    const position = describePosition(this.#counters);
    emitDeadLetter(this.#chain, uid, value, timestamp, position, error);
    this.#undo.commit();
  }
}

/** With dead letters on: each record of a source takes effect as a whole or not at all. */
class UndoableSource implements Output<unknown> {
  readonly #out: Output<unknown>;
  readonly #undo: UndoLog;
  readonly #chain: OperatorChain;
  readonly #counters: SourceCounters;

  constructor(out: Output<unknown>, undo: UndoLog, chain: OperatorChain, counters: SourceCounters) {
    this.#out = out;
    this.#undo = undo;
    this.#chain = chain;
    this.#counters = counters;
  }

  process(value: unknown, timestamp: number): void {
    const undo = this.#undo;
    undo.begin();
    undo.running = this.#chain.head.node.uid;
    try {
      this.#out.process(value, timestamp);
    } catch (error) {
      undo.rollback();
      const position = describePosition(this.#counters);
      emitDeadLetter(this.#chain, undo.running, value, timestamp, position, error);
    }
    undo.commit();
  }

  watermark(timestamp: number): void {
    this.#out.watermark(timestamp);
  }

  status(idle: boolean): void {
    this.#out.status(idle);
  }
}

function describePosition({ position, split }: SourceCounters): string {
  return `record ${position} of ${split}`;
}

/** Sends a record that was refused to the dead-letter sink, from the operator that refused it. */
export function emitDeadLetter(
  chain: OperatorChain,
  operator: string,
  value: unknown,
  timestamp: number,
  position: string,
  error: unknown,
): void {
  const letter: DeadLetter = {
    operator,
    subtask: chain.subtask,
    position,
    value,
    timestamp: timestamp === NO_TIMESTAMP ? null : timestamp,
    error: errorOf(error),
  };
  chain.head.side.emit(DEAD_LETTERS, letter, timestamp);
}
