import { assert } from "../assert.ts";
import { RestoreError, StorageError } from "../errors.ts";
import type { BlobStore } from "../ports/index.ts";
import { murmur3 } from "../record/index.ts";
import {
  checkpointFolder,
  checkpointOfSharedFile,
  savepointFolder,
  sharedPrefix,
} from "./keyed-file-name.ts";
import { decodeMetadata, encodeMetadata } from "./metadata-file.ts";
import { absoluteFrom, filesOf, relativeTo } from "./file-references.ts";
import { badFile, isDamage, noSuchCheckpoint, unreadable } from "./restore-errors.ts";
import { type RunRecord, decodeRunRecord, encodeRunRecord } from "./run-record.ts";
import type { CheckpointMetadata, KeyedFileRef } from "./snapshot.ts";

export interface CheckpointStorageOptions {
  readonly blobs: BlobStore;
  /** Where in the store: "" or a prefix that ends in "/". */
  readonly prefix?: string;
  /** How messages name the place, e.g. the directory's path. */
  readonly location: string;
}

export interface LatestCheckpoint {
  /** Null: the run has no checkpoint yet. */
  readonly metadata: CheckpointMetadata | null;
  /** Why newer checkpoints were not taken, a sentence for each. */
  readonly skipped: readonly string[];
}

const METADATA = "_metadata";
const RUN_RECORD = "run.json";
const CHECKPOINT = /^chk-(\d+)\/_metadata$/;
const NUMBERED = /^(?:chk|savepoint)-(\d+)[-/]/;

/**
 * Checkpoints and savepoints of one job in a blob store:
 *
 *     run.json                                  whose directory it is
 *     shared/<n>-<run>-<uid>-<subtask>-<x>.base keyed state files, and .segment
 *     chk-<n>/_metadata                         checkpoint n: refers to shared files
 *     savepoint-<n>-<run>/_metadata             self-contained: its files lie beside it
 *
 *   CS1  a checkpoint exists when its `_metadata` does; everything it names was durable before
 *   CS2  no key is written twice, but run.json
 *   CS3  a shared file is deleted only when no kept checkpoint names it and no pending one can:
 *        what was written for a checkpoint newer than the newest kept one stays
 *   CS4  savepoints are never deleted, only what an aborted one left
 *
 * CS3 holds because a chain of keyed files that a pending checkpoint m names has, of the files
 * up to a completed n < m, only those that n names too: files are appended in the order of cuts.
 */
export class CheckpointStorage {
  readonly location: string;
  readonly #blobs: BlobStore;
  readonly #prefix: string;
  /** Shared files by checkpoint, of checkpoints that were stored or read. */
  readonly #references = new Map<number, readonly string[]>();
  /** Files that were written, or that a stored checkpoint names. */
  readonly #durable = new Set<string>();

  constructor(options: CheckpointStorageOptions) {
    this.location = options.location;
    this.#blobs = options.blobs;
    this.#prefix = options.prefix ?? "";
    assert(this.#prefix === "" || this.#prefix.endsWith("/"), "the prefix is a folder");
  }

  /** The record of the run that uses this place; null: nobody does yet. */
  async readRun(): Promise<RunRecord | null> {
    const bytes = await this.#blobs.get(this.#prefix + RUN_RECORD);
    return bytes === null ? null : decodeRunRecord(bytes, this.#place(RUN_RECORD));
  }

  /** The record, after a RestoreError for the directory of another job. */
  async readRunOf(job: string): Promise<RunRecord | null> {
    const run = await this.readRun();
    if (run === null || run.job === job) return run;
    throw new RestoreError(`checkpoint directory ${this.location} belongs to job ${run.job}`, {
      code: "RESTORE_OTHER_JOB",
      where: { job },
      hint: "choose another --checkpoint-dir",
    });
  }

  async writeRun(record: RunRecord): Promise<void> {
    await this.#blobs.put(this.#prefix + RUN_RECORD, encodeRunRecord(record));
  }

  /** The greatest number any checkpoint, savepoint or file here has, also an unfinished one; 0: none. */
  async lastNumber(): Promise<number> {
    let last = 0;
    for (const key of await this.#list("")) {
      const number = checkpointOfSharedFile(key) ?? Number(NUMBERED.exec(key)?.[1] ?? 0);
      last = Math.max(last, number);
    }
    return last;
  }

  /** Writes the file that `ref` (`keyedFileRef`) describes. */
  async writeKeyedPart(ref: KeyedFileRef, bytes: Uint8Array): Promise<void> {
    assert(bytes.length === ref.bytes, `CS1: ${ref.key} has the bytes of its reference`);
    const written = await this.#blobs.put(this.#prefix + ref.key, bytes, { ifAbsent: true });
    assert(written, `CS2: ${ref.key} is written once`);
    this.#durable.add(ref.key);
  }

  /** Publishes a checkpoint or savepoint (CS1); gives its name for `load`, e.g. `chk-7`. */
  async store(metadata: CheckpointMetadata): Promise<string> {
    const { checkpoint, kind, runId } = metadata;
    const savepoint = kind === "savepoint";
    const name = savepoint ? savepointFolder(checkpoint, runId) : checkpointFolder(checkpoint);
    this.#checkDurable(metadata);
    const stored = savepoint ? relativeTo(name, metadata) : metadata;
    const key = `${this.#prefix}${name}/${METADATA}`;
    const written = await this.#blobs.put(key, encodeMetadata(stored), { ifAbsent: true });
    assert(written, `CS2: ${key} is written once`);
    if (!savepoint) this.#remember(metadata);
    return name;
  }

  /**
   * The newest checkpoint of the run that is whole: its metadata and all its files are there,
   * with size and checksum. If there are some and none is whole, that is a RestoreError: going on
   * from nothing would write everything a second time.
   */
  async latest(runId: string): Promise<LatestCheckpoint> {
    const skipped: string[] = [];
    for (const checkpoint of await this.#numbers()) {
      const name = checkpointFolder(checkpoint);
      try {
        const metadata = await this.load(name);
        if (metadata.runId !== runId) continue;
        await this.verify(metadata);
        return { metadata, skipped };
      } catch (error) {
        if (!isDamage(error)) throw error;
        skipped.push(error.message);
      }
    }
    if (skipped.length === 0) return { metadata: null, skipped };
    throw new RestoreError(`no checkpoint in ${this.location} can be used: ${skipped.join("; ")}`, {
      code: "RESTORE_NO_USABLE_CHECKPOINT",
      hint: "restore from a savepoint with --from, or start afresh with --fresh",
    });
  }

  /** The metadata of `chk-7`, `savepoint-8-1a2b3c4d` or a renamed folder; see `verify`. */
  async load(name: string): Promise<CheckpointMetadata> {
    const folder = name.replace(/\/$/, "");
    const key = `${folder}/${METADATA}`;
    const bytes = await this.#blobs.get(this.#prefix + key);
    if (bytes === null) throw noSuchCheckpoint(folder, this.location, await this.names());
    let stored: CheckpointMetadata;
    try {
      stored = decodeMetadata(bytes);
    } catch (error) {
      throw unreadable(folder, this.#place(key), error);
    }
    if (stored.kind === "savepoint") return absoluteFrom(folder, stored);
    this.#remember(stored);
    return stored;
  }

  /** The metadata of all readable savepoints of a run that lie here. */
  async savepoints(runId: string): Promise<readonly CheckpointMetadata[]> {
    const found: CheckpointMetadata[] = [];
    for (const key of await this.#list("savepoint-")) {
      if (!key.endsWith(`/${METADATA}`)) continue;
      try {
        const metadata = await this.load(key.slice(0, -METADATA.length - 1));
        if (metadata.runId === runId) found.push(metadata);
      } catch (error) {
        if (!isDamage(error)) throw error;
      }
    }
    return found;
  }

  /** Reads every file of a checkpoint once; the first that is missing or changed is a RestoreError. */
  async verify(metadata: CheckpointMetadata): Promise<void> {
    for (const ref of filesOf(metadata)) await this.readKeyedPart(ref);
  }

  /** The bytes of a keyed file, with size and checksum checked. */
  async readKeyedPart(ref: KeyedFileRef): Promise<Uint8Array> {
    const bytes = await this.#blobs.get(this.#prefix + ref.key);
    const place = this.#place(ref.key);
    if (bytes === null) throw badFile(`${place} is missing`);
    if (bytes.length !== ref.bytes) {
      throw badFile(`${place} has ${bytes.length} bytes in place of ${ref.bytes}`);
    }
    if (murmur3(bytes) !== ref.checksum) throw badFile(`${place} is corrupt (wrong checksum)`);
    return bytes;
  }

  /** Deletes all checkpoints but the newest `count` readable ones, and the files only they name. */
  async retain(count: number): Promise<void> {
    assert(count >= 1, "at least one checkpoint is kept");
    const numbers = await this.#numbers();
    const kept: number[] = [];
    for (const checkpoint of numbers) {
      if (kept.length < count && (await this.#isReadable(checkpoint))) kept.push(checkpoint);
    }
    const [newest, oldest] = [kept[0], kept.at(-1)];
    if (newest === undefined || oldest === undefined) return;
    const dropped = numbers.filter((checkpoint) => checkpoint < oldest);
    await this.#deleteMetadata(dropped);
    await this.#deleteUnreferenced(kept, newest);
  }

  /**
   * Deletes shared files that no checkpoint names: what a crashed or failed attempt left. Only
   * while no checkpoint is pending.
   */
  async sweep(): Promise<void> {
    const readable: number[] = [];
    for (const checkpoint of await this.#numbers()) {
      if (await this.#isReadable(checkpoint)) readable.push(checkpoint);
    }
    await this.#deleteUnreferenced(readable, Infinity);
  }

  /** Deletes what an aborted savepoint left; one that was completed all the same stays (CS4). */
  async discardSavepoint(checkpoint: number, runId: string): Promise<void> {
    const keys = await this.#list(`${savepointFolder(checkpoint, runId)}/`);
    if (keys.some((key) => key.endsWith(`/${METADATA}`))) return;
    await this.#delete(keys);
  }

  #remember(metadata: CheckpointMetadata): void {
    const keys = filesOf(metadata).map(({ key }) => key);
    this.#references.set(metadata.checkpoint, keys);
    for (const key of keys) this.#durable.add(key);
  }

  /** CS1: a chain may hold a file of an earlier cut whose write failed later. */
  #checkDurable(metadata: CheckpointMetadata): void {
    for (const { key } of filesOf(metadata)) {
      if (this.#durable.has(key)) continue;
      throw new StorageError(`${this.#place(key)} was not written`, {
        code: "STORAGE_CHECKPOINT_FILE",
        where: { job: metadata.job, checkpoint: metadata.checkpoint },
        hint: "the next checkpoint begins with whole files",
        retryable: true,
      });
    }
  }

  async #deleteMetadata(checkpoints: readonly number[]): Promise<void> {
    await this.#delete(checkpoints.map((each) => `${checkpointFolder(each)}/${METADATA}`));
    for (const checkpoint of checkpoints) this.#references.delete(checkpoint);
  }

  /** CS3: of the files written for checkpoints up to `upTo`. */
  async #deleteUnreferenced(kept: readonly number[], upTo: number): Promise<void> {
    const named = new Set(kept.flatMap((checkpoint) => this.#references.get(checkpoint) ?? []));
    const files = await this.#list(sharedPrefix);
    const unnamed = files.filter((key) => {
      const checkpoint = checkpointOfSharedFile(key);
      return checkpoint !== null && checkpoint <= upTo && !named.has(key);
    });
    await this.#delete(unnamed);
  }

  /** Reads the references of a checkpoint, unless they are known. */
  async #isReadable(checkpoint: number): Promise<boolean> {
    if (this.#references.has(checkpoint)) return true;
    try {
      await this.load(checkpointFolder(checkpoint));
      return true;
    } catch (error) {
      if (isDamage(error)) return false;
      throw error;
    }
  }

  /** Numbers of all checkpoints, newest first. */
  async #numbers(): Promise<readonly number[]> {
    const numbers: number[] = [];
    for (const key of await this.#list("chk-")) {
      const match = CHECKPOINT.exec(key);
      if (match !== null) numbers.push(Number(match[1]));
    }
    return numbers.sort((a, b) => b - a);
  }

  async #list(prefix: string): Promise<readonly string[]> {
    const entries = await this.#blobs.list(this.#prefix + prefix);
    return entries.map(({ key }) => key.slice(this.#prefix.length));
  }

  async #delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#durable.delete(key);
    if (keys.length > 0) await this.#blobs.delete(keys.map((key) => this.#prefix + key));
  }

  /** The names of all checkpoints and savepoints here, for people. */
  async names(): Promise<readonly string[]> {
    const end = `/${METADATA}`;
    const keys = await this.#list("");
    return keys.filter((key) => key.endsWith(end)).map((key) => key.slice(0, -end.length));
  }

  #place(key: string): string {
    return `${this.location}/${key}`;
  }
}
