import type { KeyIdentity } from "../record/key.ts";

/** `null` is the table of state per key; windows have one table each. */
export type Namespace = string | number | null;

export declare class StateTable {
  readonly namespace: Namespace;
  /** Keys that have a value in some column. */
  readonly size: number;
  /** All slots are below this; some may be free. */
  readonly slotsEnd: number;
  constructor(namespace: Namespace, columns: number);
  /** The slot of a key, or -1. */
  find(identity: KeyIdentity): number;
  /** The slot of a key, made if need be. Stays valid until the end of the turn. */
  slot(identity: KeyIdentity): number;
  identity(slot: number): KeyIdentity;
  isLive(slot: number): boolean;
  /** undefined when there is no value. */
  get(column: number, slot: number): unknown;
  set(column: number, slot: number, value: unknown): void;
  remove(column: number, slot: number): void;
  /** Removes the key with all columns (timers too). */
  removeKey(slot: number): void;
}
