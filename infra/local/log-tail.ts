import { statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

const CHUNK_BYTES = 1 << 18;
const LINE_FEED = 10;

/**
 * Reads the lines of a file that grows.
 *
 *   LT1  a line is given once, when its line feed is there; empty lines are left out
 *   LT2  it reads the file it opened, also when that has another name by now
 */
export class LogTail {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #ino: number;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  /** What was read behind the last line feed. */
  #rest: Buffer[] = [];
  #offset = 0;

  private constructor(path: string, handle: FileHandle, ino: number) {
    this.path = path;
    this.#handle = handle;
    this.#ino = ino;
  }

  /** `create`: the file is made if there is none. */
  static async open(path: string, options: { readonly create: boolean }): Promise<LogTail> {
    const handle = await open(path, options.create ? "a+" : "r");
    const { ino } = await handle.stat();
    return new LogTail(path, handle, ino);
  }

  /** How much of the file was read. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether there is more to read, or another file has the name. Cheap enough to be asked often. */
  hasNews(): boolean {
    const now = statSync(this.path, { throwIfNoEntry: false });
    return now === undefined || now.ino !== this.#ino || now.size > this.#offset;
  }

  /** Whether the file still has its name. */
  hasItsName(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.#ino;
  }

  /** Gives all lines up to the end of the file, as it is now or later. */
  async read(visit: (line: Uint8Array) => void): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, CHUNK_BYTES, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      this.#split(this.#buffer.subarray(0, bytesRead), visit);
    }
  }

  /** What stands behind the last line feed, for a file that nobody appends to any more. */
  finish(visit: (line: Uint8Array) => void): void {
    if (this.#rest.length > 0) visit(Buffer.concat(this.#rest));
    this.#rest = [];
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #split(chunk: Buffer, visit: (line: Uint8Array) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (this.#rest.length > 0) {
        visit(Buffer.concat([...this.#rest, chunk.subarray(start, end)]));
        this.#rest = [];
      } else if (end > start) {
        visit(chunk.subarray(start, end));
      }
      start = end + 1;
    }
    // A copy: the chunk's memory is used again.
    if (start < chunk.length) this.#rest.push(Buffer.from(chunk.subarray(start)));
  }
}
