import type { CallScope, RecordStore, StoredRecord } from "../../core/ports/index.ts";
import type { MemoryRecordStore } from "../../infra/memory/memory-record-store.ts";
import type { Call } from "./call.ts";
import type { Client } from "./client.ts";
import { unitBytes } from "./usage.ts";

/** The records as one client sees them. */
export class ClientRecords implements RecordStore {
  readonly #client: Client;
  readonly #memory: MemoryRecordStore;

  constructor(client: Client, memory: MemoryRecordStore) {
    this.#client = client;
    this.#memory = memory;
  }

  get(key: string, scope: CallScope): Promise<StoredRecord | null> {
    const call = this.#client.begin("record.get", key, null, 0, scope);
    return this.#client.make(call, async () => {
      const record = await this.#memory.get(key);
      this.#client.sim.usage.add("record.get", record?.bytes.length ?? 0, unitBytes.read);
      return record;
    });
  }

  put(key: string, bytes: Uint8Array, expected: number, scope: CallScope): Promise<boolean> {
    const call = this.#client.begin("record.put", key, `r${expected}`, bytes.length, scope);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("record.put", bytes.length, unitBytes.write);
      const written = await this.#put(key, bytes, expected, call);
      return call.fault?.kind === "retried" ? this.#put(key, bytes, expected, call) : written;
    });
  }

  async #put(key: string, bytes: Uint8Array, expected: number, call: Call): Promise<boolean> {
    const written = await this.#memory.put(key, bytes, expected);
    if (!written) return false;
    for (const observer of this.#client.sim.observers) observer.onRecord?.(key, bytes, call);
    return true;
  }
}
