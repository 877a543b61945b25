import type { BlobEntry, BlobRange, BlobStore } from "../../core/ports/index.ts";
import type { Call } from "./call.ts";
import type { Client } from "./client.ts";
import { unitBytes } from "./usage.ts";

const RESOURCE = "objects";

/** The object store as one client sees it. Its port has no scope: a call cannot be told to be late. */
export class ClientBlobs implements BlobStore {
  readonly #client: Client;
  readonly #memory: BlobStore;

  constructor(client: Client, memory: BlobStore) {
    this.#client = client;
    this.#memory = memory;
  }

  put(
    key: string,
    bytes: Uint8Array,
    options: { readonly ifAbsent?: boolean } = {},
  ): Promise<boolean> {
    const call = this.#client.begin("blob.put", RESOURCE, key, bytes.length, null);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("blob.put", bytes.length, unitBytes.object);
      const written = await this.#put(key, bytes, options, call);
      return call.fault?.kind === "retried" ? this.#put(key, bytes, options, call) : written;
    });
  }

  get(key: string, range?: BlobRange): Promise<Uint8Array | null> {
    const call = this.#client.begin("blob.get", RESOURCE, key, 0, null);
    return this.#client.make(call, async () => {
      const missing = call.fault?.kind === "blob-missing";
      const bytes = missing ? null : await this.#memory.get(key, range);
      this.#client.sim.usage.add("blob.get", bytes?.length ?? 0, unitBytes.object);
      return bytes;
    });
  }

  list(prefix: string): Promise<readonly BlobEntry[]> {
    const call = this.#client.begin("blob.list", RESOURCE, prefix, 0, null);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("blob.list", 0, unitBytes.object);
      return this.#memory.list(prefix);
    });
  }

  delete(keys: readonly string[]): Promise<void> {
    const call = this.#client.begin("blob.delete", RESOURCE, keys, 0, null);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("blob.delete", 0, unitBytes.object);
      await this.#memory.delete(keys);
      for (const observer of this.#client.sim.observers) observer.onErase?.(keys, call);
    });
  }

  async #put(
    key: string,
    bytes: Uint8Array,
    options: { readonly ifAbsent?: boolean },
    call: Call,
  ): Promise<boolean> {
    const written = await this.#memory.put(key, bytes, options);
    if (!written) return false;
    for (const observer of this.#client.sim.observers) observer.onPut?.(key, bytes, call);
    return true;
  }
}
