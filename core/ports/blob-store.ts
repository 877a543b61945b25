/**
 * An object store, as S3 behaves: strongly consistent, whole objects only, no rename.
 * Keys are relative paths of names joined by `/`.
 */
export interface BlobStore {
  /**
   * Stores a whole object, atomically and durably: a reader sees all of it or nothing. Replaces an
   * existing object unless `ifAbsent`; then it answers false and changes nothing.
   */
  put(key: string, bytes: Uint8Array, options?: { readonly ifAbsent?: boolean }): Promise<boolean>;
  /** The object's bytes, or `length` bytes from `offset`; null when there is no such object. */
  get(key: string, range?: BlobRange): Promise<Uint8Array | null>;
  /** Keys that start with `prefix`, ascending, with their sizes. */
  list(prefix: string): Promise<readonly BlobEntry[]>;
  /** Deletes objects; keys that do not exist are ignored. */
  delete(keys: readonly string[]): Promise<void>;
}

export interface BlobRange {
  readonly offset: number;
  readonly length: number;
}

export interface BlobEntry {
  readonly key: string;
  readonly bytes: number;
}
