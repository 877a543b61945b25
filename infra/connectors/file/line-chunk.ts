import type { RecordChunk, SplitOutput } from "../../../core/connector/index.ts";
import { DataError, MillraceError, UsageError, show } from "../../../core/errors.ts";
import { NO_TIMESTAMP } from "../../../core/timestamp.ts";
import type { LineFormat } from "./file-format.ts";

/** Where the lines of a chunk come from, for errors and to resume. */
export interface LinePlace {
  readonly path: string;
  /** Byte of the first line in the (unzipped) file. */
  readonly byte: number;
  /** Number of the first line in the file, from 1; 0 when it is unknown (in the middle of a file). */
  readonly line: number;
  /** Number of the first record in the split. */
  readonly position: number;
}

/** What makes a blank line: spaces, tabs, carriage returns. */
const BLANK = /^[ \t\r]*$/;
const SPACE = 32;
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

/**
 * Whole lines in memory, decoded while they are emitted.
 *
 *   L1  a line that is refused is handed over as dirty and counts as a record, so that positions
 *       are the same whether or not it is refused
 *   L2  a blank line of a format that skips them is no record and has no position
 */
export class LineChunk<T> implements RecordChunk<T> {
  readonly resumeAt: number;
  readonly firstPosition: number;
  readonly #format: LineFormat<T>;
  readonly #place: LinePlace;
  readonly #text: string;
  readonly #valid: boolean;
  readonly #skipBlank: boolean;
  /** Index of the next line in the text, and of the one that `#nextLine` answered last. */
  #cursor = 0;
  #lineStart = 0;
  #line: number;
  #position: number;

  /** `valid`: the text is what the file holds; else its bytes were no UTF-8, and it is one line. */
  constructor(format: LineFormat<T>, place: LinePlace, text: string, valid: boolean) {
    this.resumeAt = place.byte;
    this.firstPosition = place.position;
    this.#format = format;
    this.#place = place;
    this.#text = text;
    this.#valid = valid;
    this.#skipBlank = format.blankLines === "skip";
    this.#line = place.line - 1;
    this.#position = place.position;
  }

  emit(output: SplitOutput<T>, recordsMax: number): number {
    const from = this.#position;
    const to = from + recordsMax;
    while (this.#position < to && this.#cursor < this.#text.length) this.#emitRun(output, to);
    return this.#position - from;
  }

  skip(recordsMax: number): number {
    const from = this.#position;
    const to = from + recordsMax;
    while (this.#position < to && this.#nextLine() !== null) this.#position++;
    return this.#position - from;
  }

  /** Emits up to the first line that is refused: so the `try` is one per run, not per record. */
  #emitRun(output: SplitOutput<T>, to: number): void {
    let line: string | null = null;
    let decoding = false;
    try {
      while (this.#position < to) {
        line = this.#nextLine();
        if (line === null) return;
        decoding = true;
        if (!this.#valid) throw notUtf8();
        const value = this.#format.decode(line);
        decoding = false;
        output.collect(value, NO_TIMESTAMP, this.#position++);
      }
    } catch (error) {
      if (!decoding || error instanceof UsageError) throw error;
      output.dirty(line, this.#refused(line, error), this.#position++);
    }
  }

  #nextLine(): string | null {
    const text = this.#text;
    while (this.#cursor < text.length) {
      const start = this.#cursor;
      const found = text.indexOf("\n", start);
      const end = found === -1 ? text.length : found;
      this.#cursor = end + 1;
      this.#lineStart = start;
      this.#line++;
      const cut = end > start && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
      const line = text.slice(start, cut);
      if (!this.#skipBlank || (cut > start && !isBlank(line))) return line;
    }
    return null;
  }

  #refused(line: string | null, error: unknown): DataError {
    const reason = error instanceof Error ? error.message : String(error);
    const known = error instanceof MillraceError;
    const hint = known ? error.hint : null;
    return new DataError(`${reason} (got ${show(line)})`, {
      code: known ? error.code : "LINE_REFUSED",
      hint: hint ?? `correct the line, or send such lines to a sink with "deadLetterTo"`,
      where: { position: this.#where() },
      cause: error,
    });
  }

  #where(): string {
    const { path, byte, line } = this.#place;
    const at = byte + Buffer.byteLength(this.#text.slice(0, this.#lineStart));
    return line === 0 ? `byte ${at} of ${path}` : `line ${this.#line} of ${path} (byte ${at})`;
  }
}

function isBlank(line: string): boolean {
  return line.charCodeAt(0) <= SPACE && BLANK.test(line);
}

/** Lines and records that a chunk of these bytes has: agrees with what `LineChunk` emits (L2). */
export function countLines(
  bytes: Uint8Array,
  skipBlank: boolean,
): { lines: number; records: number } {
  let lines = 0;
  let blank = 0;
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found === -1 ? bytes.length : found;
    if (skipBlank && isBlankRange(bytes, start, end)) blank++;
    lines++;
    start = end + 1;
  }
  return { lines, records: lines - blank };
}

function isBlankRange(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== SPACE && byte !== 9 && byte !== CARRIAGE_RETURN) return false;
  }
  return true;
}

function notUtf8(): DataError {
  return new DataError("the line is not UTF-8", {
    code: "LINE_NOT_UTF8",
    hint: "convert the file to UTF-8, for instance with iconv",
  });
}
