import type { MapStateDescriptor } from "./descriptor.ts";
import type { BroadcastState } from "./state.ts";

/** A list that is part of the operator's snapshot; change it in place or replace it. */
export interface OperatorList<T> {
  get(): readonly T[];
  update(values: readonly T[]): void;
}

export declare class OperatorStateStore {
  /** Redistributed round robin when the parallelism changes; stays where it was otherwise. */
  list<T>(name: string): OperatorList<T>;
  /** After any restore every subtask gets the elements of all. */
  union<T>(name: string): OperatorList<T>;
  broadcast<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV>;
}
