import type { BlobEntry, BlobRange, BlobStore } from "../../core/ports/index.ts";

/** Objects in memory: for tests, and for jobs that keep no checkpoints beyond the process. */
export class MemoryBlobStore implements BlobStore {
  readonly #objects = new Map<string, Uint8Array>();

  put(
    key: string,
    bytes: Uint8Array,
    options: { readonly ifAbsent?: boolean } = {},
  ): Promise<boolean> {
    if ((options.ifAbsent ?? false) && this.#objects.has(key)) return Promise.resolve(false);
    this.#objects.set(key, bytes.slice());
    return Promise.resolve(true);
  }

  get(key: string, range?: BlobRange): Promise<Uint8Array | null> {
    const bytes = this.#objects.get(key);
    if (bytes === undefined) return Promise.resolve(null);
    const { offset, length } = range ?? { offset: 0, length: bytes.length };
    return Promise.resolve(bytes.slice(offset, offset + length));
  }

  list(prefix: string): Promise<readonly BlobEntry[]> {
    const entries: BlobEntry[] = [];
    for (const [key, { length }] of this.#objects) {
      if (key.startsWith(prefix)) entries.push({ key, bytes: length });
    }
    return Promise.resolve(entries.sort((a, b) => (a.key < b.key ? -1 : 1)));
  }

  delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#objects.delete(key);
    return Promise.resolve();
  }
}
