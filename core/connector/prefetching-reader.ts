import { assert } from "../assert.ts";
import type {
  PollResult,
  ReaderContext,
  ReaderOutput,
  SourceReader,
  SplitOutput,
} from "./source.ts";

/** A split that can be opened in its middle. All positions count records of this split. */
export interface ResumableSplit {
  /** Records emitted so far; the next one has this number. */
  readonly position: number;
  /** Where `open` starts to read, in units of the source (bytes, rows). */
  readonly resumeAt: number;
  /** The number of the record at `resumeAt`; at most `position`. */
  readonly resumePosition: number;
}

/** Records in memory, emitted one after the other. */
export interface RecordChunk<T> {
  /** The place to resume at in order to get this chunk's first record first. */
  readonly resumeAt: number;
  /** The number of this chunk's first record within the split. */
  readonly firstPosition: number;
  /** Emits up to `recordsMax` records and returns how many; fewer only when none is left. */
  emit(output: SplitOutput<T>, recordsMax: number): number;
  /** As `emit`, but drops the records. */
  skip(recordsMax: number): number;
}

/** An opened split. */
export interface ChunkReader<T> {
  /** The next chunk; null at the end of the split. Called again only after it has answered. */
  next(): Promise<RecordChunk<T> | null>;
  close(): void | Promise<void>;
}

/** What a source has to bring along; everything else is done by `PrefetchingReader`. */
export interface ChunkedSplits<T, Split> {
  splitId(split: Split): string;
  /** How much of a split is still to be read, in the enumerator's unit. */
  workLeft(split: Split): number;
  /** Opens a split at its `resumeAt`. */
  open(split: Split): Promise<ChunkReader<T>>;
}

interface OpenSplit<T, Split> {
  readonly id: string;
  split: Split;
  /** The number of the next record that comes out of the chunks: below `position` it is dropped. */
  next: number;
  position: number;
  resumeAt: number;
  resumePosition: number;
  output: SplitOutput<T> | null;
  readonly chunks: RecordChunk<T>[];
  /** No chunk follows. */
  fetched: boolean;
}

/** Chunks per reader: the one being emitted and the one read ahead. */
const CHUNKS_MAX = 2;

/**
 * A reader for sources whose splits are read in chunks (a row group, a megabyte of lines). It reads
 * ahead in the background, into the next split too, and emits from memory.
 *
 *   F1  at most CHUNKS_MAX chunks are held, one `next` or `open` call is under way
 *   F2  splits are emitted whole, one after the other, in the order of their arrival
 *   F3  a snapshot of a split says how many of its records were emitted; opened again, it gives
 *       exactly the others: it is read from its last chunk's start, and what was emitted is dropped
 *   F4  a split is asked for only when none is left to be fetched, one request at a time
 */
export class PrefetchingReader<T, Split extends ResumableSplit> implements SourceReader<T, Split> {
  readonly #context: ReaderContext;
  readonly #source: ChunkedSplits<T, Split>;
  /** The first is emitted, the others are read ahead or wait. */
  readonly #splits: OpenSplit<T, Split>[] = [];
  #held = 0;
  #fetching = false;
  #requested = false;
  #noMore = false;
  #closed = false;
  #reader: ChunkReader<T> | null = null;
  #background: Promise<void> = Promise.resolve();

  constructor(context: ReaderContext, source: ChunkedSplits<T, Split>) {
    this.#context = context;
    this.#source = source;
  }

  start(): void {
    this.#fetch();
  }

  poll(output: ReaderOutput<T>, recordsMax: number): PollResult {
    let budget = recordsMax;
    while (budget > 0) {
      const open = this.#splits[0];
      if (open === undefined) return this.#noMore ? "end" : "idle";
      const chunk = open.chunks[0];
      if (chunk !== undefined) budget -= this.#emit(open, chunk, output, budget);
      else if (open.fetched) this.#finish(open, output);
      else return "idle";
    }
    return "more";
  }

  addSplits(splits: readonly Split[]): void {
    for (const split of splits) {
      assert(split.resumePosition <= split.position, "F3: a split resumes before its position");
      this.#splits.push({
        id: this.#source.splitId(split),
        split,
        next: split.resumePosition,
        position: split.position,
        resumeAt: split.resumeAt,
        resumePosition: split.resumePosition,
        output: null,
        chunks: [],
        fetched: false,
      });
    }
    this.#requested = false;
    this.#fetch();
  }

  noMoreSplits(): void {
    this.#noMore = true;
    this.#context.wake();
  }

  snapshot(): readonly Split[] {
    return this.#splits.map((open) => ({
      ...open.split,
      position: open.position,
      resumeAt: open.resumeAt,
      resumePosition: open.resumePosition,
    }));
  }

  pending(): Promise<void> | null {
    return this.#fetching ? this.#background : null;
  }

  workLeft(): number {
    return this.snapshot().reduce((sum, split) => sum + this.#source.workLeft(split), 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#background;
    await this.#closeReader();
  }

  #emit(
    open: OpenSplit<T, Split>,
    chunk: RecordChunk<T>,
    output: ReaderOutput<T>,
    budget: number,
  ): number {
    const behind = open.position - open.next;
    if (behind > 0) {
      const skipped = chunk.skip(behind);
      open.next += skipped;
      if (skipped < behind) this.#drop(open);
      return 0;
    }
    open.output ??= output.split(open.id);
    open.resumeAt = chunk.resumeAt;
    open.resumePosition = chunk.firstPosition;
    const emitted = chunk.emit(open.output, budget);
    open.position += emitted;
    open.next = open.position;
    if (emitted < budget) this.#drop(open);
    return emitted;
  }

  #drop(open: OpenSplit<T, Split>): void {
    open.chunks.shift();
    this.#held -= 1;
    this.#fetch();
  }

  #finish(open: OpenSplit<T, Split>, output: ReaderOutput<T>): void {
    output.release(open.id);
    this.#splits.shift();
    this.#fetch();
  }

  /** Starts the background loop unless it runs (F1) or there is nothing to read (F4). */
  #fetch(): void {
    if (this.#fetching || this.#closed || this.#held >= CHUNKS_MAX) return;
    const open = this.#splits.find((candidate) => !candidate.fetched);
    if (open === undefined) {
      if (this.#requested || this.#noMore) return;
      this.#requested = true;
      this.#context.requestSplit();
      return;
    }
    this.#fetching = true;
    this.#background = this.#fetchChunk(open);
  }

  /** Never rejects: a failure goes to the context. */
  async #fetchChunk(open: OpenSplit<T, Split>): Promise<void> {
    try {
      this.#reader ??= await this.#source.open(open.split);
      const chunk = await this.#reader.next();
      if (chunk === null) await this.#closeReader();
      this.#fetching = false;
      if (this.#closed) return;
      if (chunk === null) {
        open.fetched = true;
      } else {
        open.chunks.push(chunk);
        this.#held += 1;
      }
      this.#context.wake();
      this.#fetch();
    } catch (error) {
      this.#fetching = false;
      if (!this.#closed) this.#context.fail(error);
    }
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    await reader?.close();
  }
}
