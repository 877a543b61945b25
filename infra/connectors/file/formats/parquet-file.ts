import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { parquetMetadataAsync } from "hyparquet";
import { DataError, MillraceError, show } from "../../../../core/errors.ts";
import { unreadable } from "../list-files.ts";

const MAGIC = "PAR1";
const MAGIC_ENCRYPTED = "PARE";
/** Magic, at least an empty footer, its length, magic. */
const BYTES_MIN = 12;

/** An open Parquet file: its footer, and its bytes for the decoder. */
export interface ParquetFile {
  readonly path: string;
  readonly metadata: FileMetaData;
  readonly bytes: AsyncBuffer;
  close(): Promise<void>;
}

/** Opens a file and reads its footer. A DataError if it is no Parquet file or is cut short. */
export async function openParquet(path: string): Promise<ParquetFile> {
  const handle = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { size } = await handle.stat().catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    const bytes = new FileBytes(path, handle, size);
    await checkMagic(path, bytes);
    const metadata = await parquetMetadataAsync(bytes);
    checkChunks(path, metadata, size);
    return { path, metadata, bytes, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    if (error instanceof MillraceError) throw error;
    throw damaged(path, "its footer cannot be read", error);
  }
}

/** A Parquet file whose bytes contradict each other. */
export function damaged(path: string, what: string, cause: unknown): DataError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  return new DataError(`the Parquet file ${show(path)} is damaged: ${what}${reason}`, {
    code: "PARQUET_DAMAGED",
    hint: "write or download the file again",
    cause,
  });
}

async function checkMagic(path: string, bytes: FileBytes): Promise<void> {
  const size = bytes.byteLength;
  const head = text(await bytes.slice(0, Math.min(4, size)));
  if (head === MAGIC_ENCRYPTED) {
    throw notReadable(path, "is encrypted", "decrypt it first: encrypted files cannot be read");
  }
  if (head !== MAGIC) {
    const what = size === 0 ? "is empty" : `is no Parquet file (it starts with ${show(head)})`;
    throw notReadable(path, what, 'check "path" and "format": a Parquet file starts with "PAR1"');
  }
  const tail = size < BYTES_MIN ? "" : text(await bytes.slice(size - 4, size));
  if (tail !== MAGIC) {
    const what = `is cut short (${size} bytes, without the footer at its end)`;
    throw notReadable(path, what, "copy or download it again, or wait until it is written");
  }
}

function notReadable(path: string, what: string, hint: string): DataError {
  return new DataError(`${show(path)} ${what}`, { code: "PARQUET_INVALID", hint });
}

function checkChunks(path: string, metadata: FileMetaData, size: number): void {
  for (const group of metadata.row_groups) {
    for (const { meta_data: chunk } of group.columns) {
      if (chunk === undefined) continue;
      const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
      const end = start + Number(chunk.total_compressed_size);
      if (start < 0 || end > size) {
        const name = chunk.path_in_schema.join(".");
        throw damaged(path, `column ${name} ends at byte ${end} of ${size}`, null);
      }
    }
  }
}

function text(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("latin1");
}

class FileBytes implements AsyncBuffer {
  readonly byteLength: number;
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle, byteLength: number) {
    this.byteLength = byteLength;
    this.#path = path;
    this.#handle = handle;
  }

  async slice(start: number, end = this.byteLength): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(0, end - start));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await this.#handle
        .read(bytes, filled, bytes.length - filled, start + filled)
        .catch((cause: unknown) => {
          throw unreadable(this.#path, cause);
        });
      if (bytesRead === 0) throw damaged(this.#path, `it ends at byte ${start + filled}`, null);
      filled += bytesRead;
    }
    return bytes.buffer;
  }
}
