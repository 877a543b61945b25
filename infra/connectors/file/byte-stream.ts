import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError, show } from "../../../core/errors.ts";
import { unreadable } from "./list-files.ts";

/** The bytes of a file from some place on, block by block. */
export interface ByteStream {
  /** The next block, of any size above 0; null at the end. */
  read(): Promise<Buffer | null>;
  close(): Promise<void>;
}

/** Bytes read at once. */
const BLOCK_BYTES = 1_048_576;

/** Whether a file is read through gunzip, by its name. */
export function isGzip(path: string): boolean {
  return path.endsWith(".gz");
}

/** Opens a file at `from`, an offset in its bytes, or in its unzipped bytes if it is gzip. */
export async function openBytes(path: string, from: number): Promise<ByteStream> {
  if (isGzip(path)) return new GzipStream(path, from);
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return new PlainStream(path, file, from);
}

class PlainStream implements ByteStream {
  readonly #path: string;
  readonly #file: FileHandle;
  #at: number;

  constructor(path: string, file: FileHandle, from: number) {
    this.#path = path;
    this.#file = file;
    this.#at = from;
  }

  async read(): Promise<Buffer | null> {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    const { bytesRead } = await this.#file
      .read(block, 0, BLOCK_BYTES, this.#at)
      .catch((cause: unknown) => {
        throw unreadable(this.#path, cause);
      });
    this.#at += bytesRead;
    return bytesRead === 0 ? null : block.subarray(0, bytesRead);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

class GzipStream implements ByteStream {
  readonly #path: string;
  readonly #blocks: AsyncIterator<Buffer>;
  readonly #stop: () => void;
  /** Unzipped bytes still to be dropped before the first that is wanted. */
  #before: number;

  constructor(path: string, from: number) {
    this.#path = path;
    this.#before = from;
    const file = createReadStream(path, { highWaterMark: BLOCK_BYTES });
    const gunzip = createGunzip({ chunkSize: BLOCK_BYTES });
    // The iterator rejects with the same error, so the callback has nothing to do.
    pipeline(file, gunzip, () => {});
    this.#blocks = gunzip[Symbol.asyncIterator]();
    this.#stop = () => {
      gunzip.destroy();
      file.destroy();
    };
  }

  async read(): Promise<Buffer | null> {
    for (;;) {
      const result = await this.#blocks.next().catch((cause: unknown) => {
        throw this.#failed(cause);
      });
      if (result.done === true) return null;
      const block = result.value.subarray(this.#before);
      this.#before -= result.value.length - block.length;
      if (block.length > 0) return block;
    }
  }

  async close(): Promise<void> {
    this.#stop();
  }

  #failed(cause: unknown): Error {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (!code.startsWith("Z_")) return unreadable(this.#path, cause);
    const what = code === "Z_BUF_ERROR" ? "is cut short" : "is no gzip file or is damaged";
    return new DataError(`${show(this.#path)} ${what} (${(cause as Error).message})`, {
      code: "GZIP_INVALID",
      hint: "copy or download the file again; if it is not compressed, remove .gz from its name",
      cause,
    });
  }
}
