import { inspect, isDeepStrictEqual } from "node:util";
import type { BlobStore, CallScope } from "../../../core/ports/index.ts";
import type { KeyedFileRef } from "../../../core/checkpoint/snapshot.ts";
import type { Unit, UnitFactory, UnitState } from "../../../core/protocol/unit.ts";
import type { LiveKeyedState } from "../../../core/runtime/task-environment.ts";
import { Violation } from "./violation.ts";

/** Making larger state anew takes too long. */
const BYTES_MAX = 262_144;
/** One version in so many: what is wrong stays so, until files are written from it. */
const EVERY = 4;

/**
 * A unit that goes on with the keyed state of another version has what one has that is made from all
 * files (P3.1): makes the other one, too, and compares. Not every time, and not above 256 KB of files.
 */
export class CarriedStateChecker implements UnitFactory {
  readonly #factory: UnitFactory;
  readonly #blobs: BlobStore;
  readonly #fail: (violation: Violation) => void;

  constructor(factory: UnitFactory, blobs: BlobStore, fail: (violation: Violation) => void) {
    this.#factory = factory;
    this.#blobs = blobs;
    this.#fail = fail;
  }

  async create(state: UnitState, scope: CallScope): Promise<Unit> {
    const unit = await this.#factory.create(state, scope);
    if (state.carried === null || state.version % EVERY !== 0) return unit;
    const bytes = await this.#read(state);
    if (bytes === null) return unit;
    const anew = await this.#anew({ ...state, carried: null, bytes }, scope);
    const difference = firstDifference(contentOf(unit), contentOf(anew));
    await anew.close();
    if (difference !== null) {
      const { uid } = state.carried;
      this.#fail(new Violation("CARRIED", `${uid} at version ${state.version}: ${difference}`));
    }
    return unit;
  }

  async #anew(state: UnitState, scope: CallScope): Promise<Unit> {
    try {
      return await this.#factory.create(state, scope);
    } catch (error) {
      const violation = new Violation("CARRIED", `it cannot be made anew: ${String(error)}`);
      this.#fail(violation);
      throw error;
    }
  }

  /** Null: too much, or gone, for a version that nobody can commit on any more. */
  async #read({ files }: UnitState): Promise<ReadonlyMap<string, Uint8Array> | null> {
    const refs: readonly KeyedFileRef[] = files.flatMap(({ restored, own }) => [
      ...restored.flat(),
      ...own,
    ]);
    if (refs.reduce((sum, { bytes }) => sum + bytes, 0) > BYTES_MAX) return null;
    const read = new Map<string, Uint8Array>();
    for (const { key } of refs) {
      const bytes = await this.#blobs.get(key);
      if (bytes === null) return null;
      read.set(key, bytes);
    }
    return read;
  }
}

/** By table, key and column, and the timers of namespaces. */
type Content = ReadonlyMap<string, unknown>;

function contentOf(unit: Unit): Content {
  const live = unit.carry()?.live;
  return live === undefined ? new Map() : contentOfState(live);
}

function contentOfState({ tables }: LiveKeyedState): Content {
  const content = new Map<string, unknown>();
  for (const table of tables.all()) {
    for (let slot = 0; slot < table.slotsEnd; slot += 1) {
      if (!table.isLive(slot)) continue;
      for (const { index, name } of tables.columns.all) {
        const value = table.peek(index, slot);
        if (value === undefined) continue;
        content.set(inspect([table.namespace, table.identity(slot), name]), value);
      }
    }
  }
  tables.timers.forEach((timers, domain) => content.set(`timers ${domain}`, timers.entries()));
  return content;
}

function firstDifference(carried: Content, anew: Content): string | null {
  for (const name of new Set([...carried.keys(), ...anew.keys()])) {
    const [left, right] = [carried.get(name), anew.get(name)];
    if (!isDeepStrictEqual(left, right)) {
      return `${name} is ${inspect(left)}, and ${inspect(right)} when it is made anew`;
    }
  }
  return null;
}
