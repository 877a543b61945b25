import type { FifoEntry } from "../../core/ports/index.ts";
import type { FunctionPorts } from "../../core/protocol/function.ts";
import { Usage, unitBytes } from "../../test/sim/usage.ts";

/** What a call adds to the time of its invocation, beside what the world's own latencies say. */
export interface Waits {
  /** Objects: aws.md says 100 to 200 ms to the first byte, the simulator less. */
  object(): Promise<void>;
}

/** Key and attribute names of an item, which DynamoDB bills too. */
const ITEM_OVERHEAD_BYTES = 100;
/** What the price of CPU is modelled with: fixed per invocation, and per byte through a port. */
const CPU_MS = { invocation: 2, perByte: 0.000_05 } as const;

/**
 * What each vertex of a job uses, in units that AWS bills.
 *
 *   MT1  a vertex pays for its own calls, for the messages into its queue whoever sends them, and
 *        for their receive and delete by the mapping: so a hop is one vertex
 *   MT2  an item is billed with its key; a trim per row by that row's size
 */
export class Meter {
  readonly #usages = new Map<string, Usage>();
  readonly #turns = new Map<string, number>();
  readonly #rows = new Map<string, number>();

  /** By queue. */
  get usages(): ReadonlyMap<string, Usage> {
    return this.#usages;
  }

  turns(queue: string): number {
    return this.#turns.get(queue) ?? 0;
  }

  reset(): void {
    this.#usages.clear();
    this.#turns.clear();
  }

  of(queue: string): Usage {
    let usage = this.#usages.get(queue);
    if (usage === undefined) {
      usage = new Usage();
      this.#usages.set(queue, usage);
    }
    return usage;
  }

  sent(queue: string, entries: readonly FifoEntry[]): void {
    this.of(queue).add("queue.send", bytesOf(entries), unitBytes.queue);
  }

  /** One receive and one delete of the mapping, and the invocation. */
  delivered(queue: string, bytes: number, ms: number, bytesThrough: number): void {
    const usage = this.of(queue);
    usage.addMapping(bytes);
    usage.addMapping(0);
    usage.addInvocation(ms + CPU_MS.invocation + CPU_MS.perByte * bytesThrough);
  }

  appended(queue: string, row: string, bytes: number, isNew: boolean): void {
    this.of(queue).add("ledger.append", bytes + ITEM_OVERHEAD_BYTES, unitBytes.write);
    if (!isNew) return;
    this.#rows.set(row, bytes + ITEM_OVERHEAD_BYTES);
    this.#turns.set(queue, this.turns(queue) + 1);
  }

  trimmed(queue: string, rows: readonly string[]): void {
    for (const row of rows) {
      const bytes = this.#rows.get(row);
      if (bytes === undefined) continue;
      this.#rows.delete(row);
      this.of(queue).add("ledger.trim", bytes, unitBytes.write);
    }
  }
}

/** The ports of one container of a vertex. `through`: told of bytes that go in or out. */
export function meteredPorts(
  ports: FunctionPorts,
  queue: string,
  meter: Meter,
  waits: Waits,
  through: (bytes: number) => void,
): FunctionPorts {
  const { queues, delays, ledger, records, blobs } = ports;
  const usage = (): Usage => meter.of(queue);
  return {
    ...ports,
    queues: {
      send: (to, entries, scope) => {
        meter.sent(to, entries);
        through(bytesOf(entries));
        return queues.send(to, entries, scope);
      },
      receive: (from, options, scope) => queues.receive(from, options, scope),
      delete: (from, receipts, scope) => {
        usage().add("queue.delete", 0, unitBytes.queue);
        return queues.delete(from, receipts, scope);
      },
      changeVisibility: (from, receipts, visibilityMs, scope) => {
        usage().add("queue.visibility", 0, unitBytes.queue);
        return queues.changeVisibility(from, receipts, visibilityMs, scope);
      },
    },
    delays: {
      send: (body, delayMs, scope) => {
        usage().add("delay.send", body.length, unitBytes.queue);
        return delays.send(body, delayMs, scope);
      },
      receive: (options, scope) => delays.receive(options, scope),
      delete: (receipts, scope) => delays.delete(receipts, scope),
    },
    ledger: {
      append: async (partition, version, item, scope) => {
        through(item.length);
        const result = await ledger.append(partition, version, item, scope);
        meter.appended(queue, `${partition}/${version}`, item.length, result.appended);
        return result;
      },
      read: async (partition, from, scope) => {
        const page = await ledger.read(partition, from, scope);
        const bytes = page.rows.reduce(
          (sum, { item }) => sum + item.length + ITEM_OVERHEAD_BYTES,
          0,
        );
        usage().add("ledger.read", bytes, unitBytes.read);
        through(bytes);
        return page;
      },
      newest: async (partition, scope) => {
        const row = await ledger.newest(partition, scope);
        const bytes = (row?.item.length ?? 0) + ITEM_OVERHEAD_BYTES;
        usage().add("ledger.newest", bytes, unitBytes.read);
        return row;
      },
      trim: (partition, versions, scope) => {
        meter.trimmed(
          queue,
          versions.map((version) => `${partition}/${version}`),
        );
        return ledger.trim(partition, versions, scope);
      },
    },
    records: {
      get: async (key, scope) => {
        const record = await records.get(key, scope);
        usage().add("record.get", record?.bytes.length ?? 0, unitBytes.read);
        return record;
      },
      put: (key, bytes, expected, scope) => {
        usage().add("record.put", bytes.length + ITEM_OVERHEAD_BYTES, unitBytes.write);
        return records.put(key, bytes, expected, scope);
      },
    },
    blobs: {
      put: async (key, bytes, options) => {
        usage().add("blob.put", bytes.length, unitBytes.object);
        through(bytes.length);
        await waits.object();
        return blobs.put(key, bytes, options);
      },
      get: async (key, range) => {
        await waits.object();
        const bytes = await blobs.get(key, range);
        usage().add("blob.get", bytes?.length ?? 0, unitBytes.object);
        through(bytes?.length ?? 0);
        return bytes;
      },
      list: (prefix) => {
        usage().add("blob.list", 0, unitBytes.object);
        return blobs.list(prefix);
      },
      delete: (keys) => blobs.delete(keys),
    },
  };
}

export function bytesOf(messages: readonly { readonly body: Uint8Array }[]): number {
  let bytes = 0;
  for (const { body } of messages) bytes += body.length;
  return bytes;
}
