import { AssertionError, assert, assertNever } from "../assert.ts";
import { unbounded } from "../ports/index.ts";
import { acknowledgementSet } from "./acknowledgement-set.ts";
import { type Address, COORDINATOR, partitionOf } from "./address.ts";
import { endJob } from "./end-job.ts";
import type { FunctionPorts } from "./function.ts";
import type { Peers } from "./job-topology.ts";
import { decodeEntry } from "./ledger-entry.ts";
import { objectLost } from "./object-lost.ts";
import type { Effect } from "./outbox.ts";
import type { SinkOutputs } from "./sink-outputs.ts";

export interface EffectsOptions {
  readonly ports: FunctionPorts;
  readonly job: string;
  readonly generation: number;
  readonly address: Address;
  readonly peers: Peers;
  readonly outputs: SinkOutputs;
  /** The job is FAILED: nothing is delivered any more. */
  switchOff(): Promise<void>;
}

/** Rows that one delete call names at most. */
const TRIM_ROWS_MAX = 25;

/**
 * What committed turns do to the outside beside sending messages. All of it can be done again.
 *
 *   EF1  below the base of an entry that is older than every zombie nobody reads a ledger any more,
 *        so only there it is trimmed; never the genesis, a seal or the head (P6)
 *   EF2  of the objects of trimmed entries those stay that the base itself names
 */
export class Effects {
  readonly #options: EffectsOptions;

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  /** `version`: of the entry that holds the effect. */
  async perform(effect: Effect, version: number): Promise<void> {
    const { outputs, address, ports, job, generation } = this.#options;
    switch (effect.kind) {
      case "publish":
      case "apply":
      case "write":
        return outputs.perform(effect, address, version);
      case "savepoint":
        return this.#copy(effect.from, effect.key);
      case "job":
        await endJob(ports.records, job, generation, effect.phase, effect.detail);
        if (effect.phase === "failed") await this.#options.switchOff();
        return;
      case "release":
        return this.#release(effect.keys);
      case "trim":
        return this.#trim(effect.peer, effect.version);
      case "drop-generation":
        return this.#dropGeneration(effect.generation, effect.parallelism);
      case "drop-acknowledgements":
        for (const checkpoint of effect.checkpoints) {
          const set = acknowledgementSet(job, generation, checkpoint);
          await ports.sets.drop(set, unbounded);
        }
        return;
      case "acknowledge":
      case "repair":
        throw new AssertionError(`${effect.kind} sends messages, which is the sender's`);
      default:
        return assertNever(effect);
    }
  }

  async #copy(from: string, key: string): Promise<void> {
    const { blobs } = this.#options.ports;
    const bytes = await blobs.get(from);
    if (bytes === null) throw objectLost(from);
    await blobs.put(key, bytes);
  }

  async #release(keys: readonly string[]): Promise<void> {
    const { blobs } = this.#options.ports;
    const all: string[] = [];
    for (const key of keys) {
      if (!key.endsWith("/")) all.push(key);
      else for (const entry of await blobs.list(key)) all.push(entry.key);
    }
    if (all.length > 0) await blobs.delete(all);
  }

  async #trim(peer: number, version: number): Promise<void> {
    const { ports, job, generation, peers } = this.#options;
    const address = peers.addresses[peer];
    assert(address !== undefined, "EF1: a peer is trimmed");
    const partition = partitionOf(job, generation, address);
    const row = await this.#row(partition, version);
    // It is gone: somebody has trimmed further.
    if (row === null) return;
    const { base } = decodeEntry(row);
    for (;;) {
      const page = await ports.ledger.read(partition, 1, unbounded);
      const below = page.rows.filter((each) => each.version < base);
      for (let first = 0; first < below.length; first += TRIM_ROWS_MAX) {
        const versions = below.slice(first, first + TRIM_ROWS_MAX).map((each) => each.version);
        await ports.ledger.trim(partition, versions, unbounded);
      }
      if (below.length < page.rows.length || !page.more) break;
    }
    await this.#trimObjects(partition, base);
  }

  async #row(partition: string, version: number): Promise<Uint8Array | null> {
    const { ledger } = this.#options.ports;
    for (;;) {
      const page = await ledger.read(partition, version, unbounded);
      const [first] = page.rows;
      if (first !== undefined) return first.version === version ? first.item : null;
      if (!page.more) return null;
    }
  }

  async #trimObjects(partition: string, base: number): Promise<void> {
    const { blobs } = this.#options.ports;
    const row = await this.#row(partition, base);
    if (row === null) return;
    const { files } = decodeEntry(row);
    const named = new Set((files ?? []).flatMap(({ own }) => own.map(({ key }) => key)));
    const entries = await blobs.list(`${partition}/`);
    const unnamed = entries.flatMap(({ key }) => {
      const at = Number(/^(\d+)-/.exec(key.slice(partition.length + 1))?.[1] ?? Infinity);
      return at > 0 && at < base && !named.has(key) ? [key] : [];
    });
    if (unnamed.length > 0) await blobs.delete(unnamed);
  }

  async #dropGeneration(
    generation: number,
    parallelism: Readonly<Record<string, number>>,
  ): Promise<void> {
    await this.#dropLedger(generation, COORDINATOR);
    for (const [vertex, subtasks] of Object.entries(parallelism)) {
      for (let subtask = 0; subtask < subtasks; subtask += 1) {
        await this.#dropLedger(generation, { vertex, subtask });
      }
    }
  }

  async #dropLedger(generation: number, address: Address): Promise<void> {
    const { ports, job } = this.#options;
    const partition = partitionOf(job, generation, address);
    const newest = await ports.ledger.newest(partition, unbounded);
    if (newest !== null) {
      for (let first = 0; first <= newest.version; first += TRIM_ROWS_MAX) {
        const count = Math.min(TRIM_ROWS_MAX, newest.version - first + 1);
        const versions = Array.from({ length: count }, (_, index) => first + index);
        await ports.ledger.trim(partition, versions, unbounded);
      }
    }
    await this.#release([`${partition}/`]);
  }
}
