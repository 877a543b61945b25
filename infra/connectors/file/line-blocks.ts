import { isUtf8 } from "node:buffer";
import { stat } from "node:fs/promises";
import type { ChunkReader } from "../../../core/connector/index.ts";
import { LimitError, StorageError, UsageError, show } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import type { ByteStream } from "./byte-stream.ts";
import { isGzip, openBytes } from "./byte-stream.ts";
import type { BlockFormat, FileRange, FileSplit, LineFormat } from "./file-format.ts";
import { LineChunk, countLines } from "./line-chunk.ts";
import { unreadable } from "./list-files.ts";

export interface LineBlocksOptions {
  readonly splitBytes?: number;
}

const SPLIT_BYTES = 64 * 1_048_576;
const LINE_FEED = 10;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Files of lines as blocks: byte ranges of plain files, gzip files whole. */
export function lineBlocks<T>(format: LineFormat<T>, options: LineBlocksOptions): BlockFormat<T> {
  const splitBytes = options.splitBytes ?? SPLIT_BYTES;
  if (!Number.isSafeInteger(splitBytes) || splitBytes <= 0) {
    throw new UsageError(`fileSource: "splitBytes" cannot be used (got ${show(splitBytes)})`, {
      code: "USAGE_SPLIT_BYTES",
      hint: "give a whole number of bytes above 0, or leave it out",
    });
  }
  return {
    kind: "blocks",
    describe: format.describe,
    plan: (path) => planLines(path, splitBytes),
    open: (split) => openLines(format, split),
  };
}

async function planLines(path: string, splitBytes: number): Promise<readonly FileRange[]> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (isGzip(path)) return size === 0 ? [] : [{ start: 0, end: size }];
  const ranges: FileRange[] = [];
  for (let start = 0; start < size; start += splitBytes) {
    ranges.push({ start, end: Math.min(size, start + splitBytes) });
  }
  return ranges;
}

async function openLines<T>(format: LineFormat<T>, split: FileSplit): Promise<ChunkReader<T>> {
  // A range that starts within the file looks at the byte before it: if that ends a line, the
  // range's first line is its own.
  const lookBack = split.resumeAt === split.start && split.start > 0 ? 1 : 0;
  const stream = await openBytes(split.path, split.resumeAt - lookBack);
  return new LineBlockReader(format, split, stream, lookBack);
}

/**
 * Cuts the bytes of a range into chunks of whole lines.
 *
 *   B1  a range owns the lines that start in it, so it reads beyond its end to finish its last line,
 *       and skips up to the first line that starts in it
 *   B2  `carry` starts with the first byte of a line at file offset `at`, once the start is found
 *   B3  a chunk's `resumeAt` is the first byte of a line
 */
class LineBlockReader<T> implements ChunkReader<T> {
  readonly #format: LineFormat<T>;
  readonly #path: string;
  readonly #end: number;
  readonly #stream: ByteStream;
  readonly #ready: LineChunk<T>[] = [];
  #carry: Buffer = Buffer.alloc(0);
  #at: number;
  #line: number;
  #position: number;
  #seeking: boolean;
  #done = false;

  constructor(format: LineFormat<T>, split: FileSplit, stream: ByteStream, lookBack: number) {
    this.#format = format;
    this.#path = split.path;
    this.#end = isGzip(split.path) ? Infinity : split.end;
    this.#stream = stream;
    this.#at = split.resumeAt - lookBack;
    this.#line = split.resumeAt === 0 ? 1 : 0;
    this.#position = split.resumePosition;
    this.#seeking = lookBack > 0;
  }

  async next(): Promise<LineChunk<T> | null> {
    while (this.#ready.length === 0 && !this.#done) await this.#readBlock();
    return this.#ready.shift() ?? null;
  }

  async close(): Promise<void> {
    await this.#stream.close();
  }

  async #readBlock(): Promise<void> {
    const block = await this.#stream.read();
    const bytes = block === null ? this.#carry : append(this.#carry, block);
    if (block === null) this.#checkEnd(bytes.length);
    const from = this.#seeking ? this.#seek(bytes) : 0;
    const to = this.#cut(bytes, from, block === null);
    if (to > from) this.#addChunk(bytes, from, to);
    this.#carry = bytes.subarray(to);
    this.#at += to;
    this.#checkLength();
  }

  /** Where the first line of the range starts; what is before it belongs to the range before (B1). */
  #seek(bytes: Buffer): number {
    const found = bytes.indexOf(LINE_FEED);
    this.#seeking = found === -1;
    return found === -1 ? bytes.length : found + 1;
  }

  /** Where the last whole line of the range ends, as far as it has been read. */
  #cut(bytes: Buffer, from: number, isLast: boolean): number {
    if (isLast) this.#done = true;
    const beyond = this.#end - this.#at - 1;
    if (beyond < bytes.length) {
      const found = bytes.indexOf(LINE_FEED, Math.max(0, beyond));
      if (found !== -1) {
        this.#done = true;
        return Math.max(from, found + 1);
      }
    }
    return isLast ? bytes.length : Math.max(from, bytes.lastIndexOf(LINE_FEED) + 1);
  }

  #addChunk(bytes: Buffer, from: number, to: number): void {
    const mark = this.#at === 0 && from === 0 && bytes.indexOf(BYTE_ORDER_MARK) === 0;
    const start = mark ? BYTE_ORDER_MARK.length : from;
    const whole = bytes.subarray(start, to);
    if (isUtf8(whole)) {
      this.#push(whole, this.#at + start, true);
      return;
    }
    for (let at = start; at < to;) {
      const end = bytes.subarray(0, to).indexOf(LINE_FEED, at) + 1 || to;
      const line = bytes.subarray(at, end);
      this.#push(line, this.#at + at, isUtf8(line));
      at = end;
    }
  }

  #push(bytes: Buffer, byte: number, valid: boolean): void {
    const place = { path: this.#path, byte, line: this.#line, position: this.#position };
    const { lines, records } = countLines(bytes, this.#format.blankLines === "skip");
    this.#ready.push(new LineChunk(this.#format, place, bytes.toString("utf8"), valid));
    this.#position += records;
    if (this.#line > 0) this.#line += lines;
  }

  #checkEnd(left: number): void {
    if (this.#end === Infinity || this.#at + left >= this.#end) return;
    throw new StorageError(
      `${show(this.#path)} got shorter while it was read (${this.#at + left} bytes, had at least ${this.#end})`,
      { code: "FILE_CHANGED", hint: "do not change input files while the job runs; start afresh" },
    );
  }

  #checkLength(): void {
    if (this.#carry.length <= limits.lineBytesMax) return;
    throw new LimitError(
      `a line of ${show(this.#path)} is longer than ${limits.lineBytesMax} bytes (limit lineBytesMax), byte ${this.#at}`,
      { code: "LIMIT_LINE_BYTES", hint: "check that it is a text file with line breaks" },
    );
  }
}

function append(carry: Buffer, block: Buffer): Buffer {
  return carry.length === 0 ? block : Buffer.concat([carry, block]);
}
