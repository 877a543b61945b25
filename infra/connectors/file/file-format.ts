import type { ChunkReader, ResumableSplit } from "../../../core/connector/index.ts";

/** Part of a file that one reader reads. `start` and `end` are in units of the format. */
export interface FileRange {
  /** Bytes of a text file, row group number of a Parquet file. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** How many records it has, if that is known without reading them; for progress displays. */
  readonly records?: number;
}

/** A range of one file, and how far it has been read. Plain data: it is part of checkpoints. */
export interface FileSplit extends FileRange, ResumableSplit {
  /** As given, or found below the folder or by the glob that was given. */
  readonly path: string;
}

/**
 * A format of files that are read record by record: one line, one record. With it a `fileSource`
 * reads byte ranges of files in parallel (gzip files whole), and a `fileSink` writes.
 *
 * `decode` may throw anything: the line is then a dirty record, reported with file and line.
 *
 * @example
 * const pairs: LineFormat<[string, string]> = {
 *   kind: "lines",
 *   describe: "pairs",
 *   extension: "pairs",
 *   blankLines: "skip",
 *   decode: (line) => line.split("=", 2) as [string, string],
 *   encode: (pair) => pair.join("="),
 * };
 * fileSource({ path: "settings/*.pairs", format: pairs });
 */
export interface LineFormat<T> {
  readonly kind: "lines";
  /** For plans and errors, e.g. `ndjson`. */
  readonly describe: string;
  /** Of the files that a sink writes, without the dot. */
  readonly extension: string;
  /** `skip`: a line of white space only is no record. */
  readonly blankLines: "skip" | "keep";
  /** A line, without its line break, as a record. */
  decode(line: string): T;
  /** A record as a line, without a line break in or behind it. */
  encode(value: T): string;
}

/**
 * A format of files that are read in blocks, e.g. Parquet. A file is planned once; each of its
 * ranges is then opened by whichever subtask gets it.
 *
 * @example
 * // Files of 8-byte floats, 100,000 of them a chunk, a file as one split.
 * const floats: BlockFormat<number> = {
 *   kind: "blocks",
 *   describe: "floats",
 *   async plan(path) {
 *     const { size } = await stat(path);
 *     return [{ start: 0, end: size / 8 }];
 *   },
 *   async open(split) {
 *     const file = await open(split.path);
 *     let at = split.resumeAt;
 *     return {
 *       async next() {
 *         const values = new Float64Array(Math.min(100_000, split.end - at));
 *         if (values.length === 0) return null;
 *         await file.read(values, 0, values.byteLength, at * 8);
 *         const chunk = new ArrayChunk(values, at, at);
 *         at += values.length;
 *         return chunk;
 *       },
 *       close: () => file.close(),
 *     };
 *   },
 * };
 */
export interface BlockFormat<T> {
  readonly kind: "blocks";
  readonly describe: string;
  /** The ranges of a file, in file order. Reads no more than it must. A rejection fails the job. */
  plan(path: string): Promise<readonly FileRange[]>;
  /** Opens a range at `split.resumeAt`; its first record then has the number `split.resumePosition`. */
  open(split: FileSplit): Promise<ChunkReader<T>>;
}

/** What a `fileSource` reads: lines or blocks. */
export type FileFormat<T> = LineFormat<T> | BlockFormat<T>;
