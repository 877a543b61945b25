import { deepFreeze, keyFromIdentity, roundTrip } from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import { undefinedValue } from "./cell.ts";
import { deepCopy } from "./deep-copy.ts";
import { mapKey } from "./map-handle.ts";
import type { OperatorStateSettings } from "./operator-state-store.ts";
import type { BroadcastState } from "./state.ts";

/** Broadcast state: a Map from key identity to value, so that keys compare by value. */
export class BroadcastMap implements BroadcastState<unknown, unknown> {
  readonly #name: string;
  readonly #settings: OperatorStateSettings;
  #map = new Map<KeyIdentity, unknown>();

  constructor(name: string, settings: OperatorStateSettings) {
    this.#name = name;
    this.#settings = settings;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: unknown): unknown {
    const identity = mapKey(key);
    const value = this.#map.get(identity) ?? null;
    const { journal } = this.#settings;
    if (typeof value === "object" && value !== null) this.#settings.revision += 1;
    if (journal !== null && typeof value === "object" && value !== null) {
      const before = deepCopy(value);
      journal.record({ undo: () => this.#map.set(identity, before) });
    }
    return value;
  }

  contains(key: unknown): boolean {
    return this.#map.has(mapKey(key));
  }

  *entries(): IterableIterator<readonly [unknown, unknown]> {
    this.#recordAll();
    for (const [identity, value] of this.#map) yield [keyFromIdentity(identity), value];
  }

  put(key: unknown, value: unknown): void {
    if (value === undefined) throw undefinedValue(this.#name, "put null, or remove the key");
    const identity = mapKey(key);
    const before = this.#map.get(identity);
    this.#settings.revision += 1;
    this.#settings.journal?.record({
      undo: () => {
        if (before === undefined) this.#map.delete(identity);
        else this.#map.set(identity, before);
      },
    });
    this.#map.set(identity, this.#settings.strict ? deepFreeze(roundTrip(value)) : value);
  }

  remove(key: unknown): void {
    this.#recordAll();
    this.#map.delete(mapKey(key));
  }

  clear(): void {
    this.#recordAll();
    this.#map.clear();
  }

  replace(entries: readonly (readonly [unknown, unknown])[]): void {
    this.clear();
    for (const [key, value] of entries) this.put(key, value);
  }

  copy(): (readonly [unknown, unknown])[] {
    return [...this.#map].map(
      ([identity, value]) => [keyFromIdentity(identity), deepCopy(value)] as const,
    );
  }

  /** Anything may change from here, the order of entries too. */
  #recordAll(): void {
    const { journal } = this.#settings;
    this.#settings.revision += 1;
    if (journal === null) return;
    const before = deepCopy(this.#map);
    journal.record({ undo: () => (this.#map = before) });
  }
}
