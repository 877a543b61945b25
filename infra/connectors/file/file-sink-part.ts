import { assert } from "../../../core/assert.ts";

/**
 * A file that is being written: first its lines in memory, then a hidden file, then closed.
 *
 *   FP1  a line is in exactly one of: `lines`, the buffer being written, the file
 *   FP2  a closed part is never written again
 */
export class Part {
  readonly folder: string;
  readonly name: string;
  /** Processing time of the first record, in milliseconds. */
  readonly createdAt: number;
  /** Lines not yet given to the file, and their characters with line breaks. */
  #lines: string[] = [];
  #buffered = 0;
  #records = 0;
  /** Bytes in the file. */
  #bytes = 0;
  /** About the bytes that the file will have: what is not encoded yet counts by characters. */
  #size = 0;
  created = false;
  /** No more lines come; to be closed in the background. */
  rolled = false;
  closed = false;
  /** Whether it waits for the background writer. */
  queued = false;

  constructor(folder: string, name: string, createdAt: number) {
    this.folder = folder;
    this.name = name;
    this.createdAt = createdAt;
  }

  get path(): string {
    return `${this.folder}/${this.name}`;
  }

  get buffered(): number {
    return this.#buffered;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#size;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#buffered += line.length + 1;
    this.#size += line.length + 1;
    this.#records += 1;
  }

  /** Takes out what is buffered, as bytes; null when there is nothing. */
  take(): Buffer | null {
    assert(!this.closed, "FP2: a closed part is not written");
    if (this.#lines.length === 0) return null;
    this.#lines.push("");
    const bytes = Buffer.from(this.#lines.join("\n"), "utf8");
    this.#size += bytes.length - this.#buffered;
    this.#lines = [];
    this.#buffered = 0;
    return bytes;
  }

  /** What `take` gave is in the file. */
  written(bytes: number): void {
    this.#bytes += bytes;
  }
}
