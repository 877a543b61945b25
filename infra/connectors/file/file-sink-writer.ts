import type { SinkWriter } from "../../../core/connector/index.ts";
import { DataError, MillraceError, show } from "../../../core/errors.ts";
import type { Clock, Counter, MetricGroup } from "../../../core/ports/index.ts";
import type { LineFormat } from "./file-format.ts";
import type { FileCommittable, OnFileSinkStep } from "./file-sink-committer.ts";
import { forEachLimited } from "./file-sink-concurrency.ts";
import { fileSinkError } from "./file-sink-errors.ts";
import { PartFiles } from "./file-sink-files.ts";
import type { PartNames } from "./file-sink-names.ts";
import { Part } from "./file-sink-part.ts";
import { checkPartition } from "./file-sink-partition.ts";

/** Bounds of one writer; named here, because they are memory and descriptors per subtask and sink. */
export const fileSinkLimits = {
  /** Characters a file collects before they are written at one go. */
  chunkCharacters: 65_536,
  /** Characters in memory from which on the source is held back, until half of it is written. */
  bufferedCharactersMax: 8_388_608,
  /** Files kept open that nobody writes at the moment. */
  idleFilesMax: 64,
  /** Files closed at the same time at a checkpoint. */
  closesAtOnce: 8,
  /** Records of a file between two looks at its age. */
  ageCheckRecords: 64,
} as const;

export type FileSinkLimits = { readonly [Name in keyof typeof fileSinkLimits]: number };

export interface FileWriterSettings<T> {
  readonly root: string;
  readonly format: LineFormat<T>;
  readonly partitionBy: ((value: T) => string) | null;
  readonly rollBytes: number;
  readonly rollAgeMs: number;
  readonly names: PartNames;
  readonly subtask: number;
  /** As in `SinkWriterContext`. */
  readonly firstIndex: number;
  readonly clock: Clock;
  readonly metrics: MetricGroup;
  readonly onStep: OnFileSinkStep;
  readonly limits: FileSinkLimits;
}

/** Resolves when enough is written that more may come. */
interface Drain {
  readonly done: Promise<void>;
  readonly resolve: () => void;
}

/**
 * Writes the records of one subtask into hidden files, one open file a folder.
 *
 *   FW1  a record is in the files of exactly one `prepareCommit`: the next one after its `write`
 *   FW2  what `prepareCommit` returns is durable, hidden and never written again
 *   FW3  at most `bufferedCharactersMax` and one batch wait in memory, if `backlog` is heeded
 *   FW4  after a failure nothing is accepted or committed any more
 */
export class FileWriter<T> implements SinkWriter<T, FileCommittable> {
  readonly #settings: FileWriterSettings<T>;
  readonly #files: PartFiles;
  readonly #nextName: () => string;
  readonly #bytesOut: Counter;
  /** Parts that take records, by partition. */
  #open = new Map<string, Part>();
  /** Parts that were full or old enough since the last checkpoint. */
  #rolled: Part[] = [];
  /** Of the record before, which is mostly the next one's too. */
  #lastPartition: string | null = null;
  #lastPart: Part | null = null;
  #due: Part[] = [];
  #pumping: Promise<void> | null = null;
  #buffered = 0;
  #drain: Drain | null = null;
  #failure: MillraceError | null = null;

  constructor(settings: FileWriterSettings<T>) {
    this.#settings = settings;
    this.#files = new PartFiles(settings.limits.idleFilesMax);
    this.#nextName = settings.names.hiddenNames(settings.subtask);
    this.#bytesOut = settings.metrics.counter("numBytesOut");
    settings.metrics.gauge("openFiles", () => this.#files.idleCount);
    settings.metrics.gauge("bufferedCharacters", () => this.#buffered);
  }

  write(value: T): void {
    if (this.#failure !== null) throw this.#failure;
    const { format, partitionBy, limits, rollBytes } = this.#settings;
    const line = format.encode(value);
    if (typeof line !== "string") throw notText(format.describe, value);
    const partition = partitionBy === null ? "" : partitionBy(value);
    const known = partition === this.#lastPartition ? this.#lastPart : null;
    const part = known ?? this.#partOf(partition);
    part.add(line);
    this.#buffered += line.length + 1;
    if (part.size >= rollBytes || this.#isOld(part)) this.#roll(partition, part);
    else if (part.buffered >= limits.chunkCharacters) this.#enqueue(part);
    if (this.#buffered >= limits.bufferedCharactersMax && this.#drain === null) this.#drainAll();
  }

  backlog(): Promise<void> | null {
    return this.#drain === null ? null : this.#drain.done;
  }

  async prepareCommit(checkpoint: number): Promise<readonly FileCommittable[]> {
    const parts = this.#takeParts();
    while (this.#pumping !== null) await this.#pumping;
    if (this.#failure !== null) throw this.#failure;
    try {
      await forEachLimited(parts, this.#settings.limits.closesAtOnce, (part) => this.#close(part));
      await this.#files.syncFolders();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    return this.#committables(parts, checkpoint);
  }

  /** Ends background work and deletes what no checkpoint knows. */
  async close(): Promise<void> {
    this.#due = [];
    await this.#pumping;
    for (const part of this.#takeParts()) await this.#files.discard(part);
    await this.#files.closeIdle();
  }

  #partOf(partition: string): Part {
    let part = this.#open.get(partition);
    if (part === undefined) {
      const { root, partitionBy, clock } = this.#settings;
      if (partitionBy !== null) checkPartition(partition);
      const folder = partition === "" ? root : `${root}/${partition}`;
      part = new Part(folder, this.#nextName(), clock.now());
      this.#open.set(partition, part);
    }
    this.#lastPartition = partition;
    this.#lastPart = part;
    return part;
  }

  #isOld(part: Part): boolean {
    const { clock, limits, rollAgeMs } = this.#settings;
    return part.records % limits.ageCheckRecords === 0 && clock.now() - part.createdAt >= rollAgeMs;
  }

  #roll(partition: string, part: Part): void {
    part.rolled = true;
    this.#open.delete(partition);
    this.#lastPartition = null;
    this.#lastPart = null;
    this.#rolled.push(part);
    this.#enqueue(part);
  }

  /** All parts since the last checkpoint; what is written from now on belongs to the next (FW1). */
  #takeParts(): readonly Part[] {
    const parts = [...this.#rolled, ...this.#open.values()];
    this.#rolled = [];
    this.#open = new Map();
    this.#lastPartition = null;
    this.#lastPart = null;
    return parts;
  }

  #drainAll(): void {
    let resolve = (): void => {};
    const done = new Promise<void>((whenDone) => (resolve = whenDone));
    this.#drain = { done, resolve };
    for (const part of this.#open.values()) this.#enqueue(part);
  }

  #enqueue(part: Part): void {
    if (part.queued) return;
    part.queued = true;
    this.#due.push(part);
    this.#pumping ??= this.#pump();
  }

  /** Writes what is due, one file after the other. Never rejects: the next caller gets the failure. */
  async #pump(): Promise<void> {
    try {
      for (let part = this.#due.shift(); part !== undefined; part = this.#due.shift()) {
        part.queued = false;
        await (part.rolled ? this.#close(part) : this.#append(part));
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#pumping = null;
    this.#endDrain();
  }

  async #append(part: Part): Promise<void> {
    const buffered = part.buffered;
    const bytes = await this.#files.append(part);
    this.#release(buffered);
    this.#bytesOut.inc(bytes);
    if (bytes > 0) this.#settings.onStep("write-part", part.path);
  }

  async #close(part: Part): Promise<void> {
    if (part.closed) return;
    const buffered = part.buffered;
    this.#bytesOut.inc(await this.#files.close(part));
    this.#release(buffered);
    this.#settings.onStep("pre-commit", part.path);
  }

  #release(characters: number): void {
    this.#buffered -= characters;
    if (this.#buffered * 2 <= this.#settings.limits.bufferedCharactersMax) this.#endDrain();
  }

  #endDrain(): void {
    this.#drain?.resolve();
    this.#drain = null;
  }

  #fail(error: unknown): void {
    this.#failure ??=
      error instanceof MillraceError
        ? error
        : fileSinkError("write to the folder", this.#settings.root, error);
    this.#due = [];
    this.#endDrain();
  }

  #committables(parts: readonly Part[], checkpoint: number): readonly FileCommittable[] {
    const { names, subtask, firstIndex } = this.#settings;
    const inFolder = new Map<string, number>();
    return parts.map((part) => {
      const index = inFolder.get(part.folder) ?? firstIndex;
      inFolder.set(part.folder, index + 1);
      const final = names.final(subtask, checkpoint, index);
      return { directory: part.folder, hidden: part.name, final, bytes: part.bytes };
    });
  }
}

function notText(format: string, value: unknown): DataError {
  return new DataError(`format ${format} has no text for a record (got ${show(value)})`, {
    code: "FILE_SINK_RECORD",
    hint: "filter such records out, or map them to what the format can write",
  });
}
