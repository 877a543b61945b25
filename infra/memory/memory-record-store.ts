import type { RecordStore, StoredRecord } from "../../core/ports/index.ts";
import { checkItem } from "../port-limits.ts";

/**
 * Records in memory. They are the service, not its client: they never look at the scope of a call.
 * Bytes are kept by reference: who puts some hands them over.
 */
export class MemoryRecordStore implements RecordStore {
  readonly #records = new Map<string, StoredRecord>();

  async get(key: string): Promise<StoredRecord | null> {
    return this.#records.get(key) ?? null;
  }

  async put(key: string, bytes: Uint8Array, expected: number): Promise<boolean> {
    checkItem(`record ${key}`, bytes);
    const revision = this.#records.get(key)?.revision ?? 0;
    if (revision !== expected) return false;
    this.#records.set(key, Object.freeze({ revision: revision + 1, bytes }));
    return true;
  }

  keys(): readonly string[] {
    return [...this.#records.keys()];
  }
}
