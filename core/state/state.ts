/** A single value of the current key. */
export interface ValueState<T> {
  /** The value, or null when there is none (decision f). */
  value(): T | null;
  /** Sets the value; `null` clears it (semantics 14). */
  update(value: T | null): void;
  clear(): void;
}

/** A list of the current key. */
export interface ListState<T> {
  /** All elements; an empty array when there are none. Do not change it. */
  get(): readonly T[];
  /** Appends one element; null is an error. */
  add(value: T): void;
  addAll(values: readonly T[]): void;
  /** Replaces the list; an empty array clears it. */
  update(values: readonly T[]): void;
  clear(): void;
}

/** A map of the current key. Map keys compare by value and may be any `Key`; values may be null. */
export interface MapState<UK, UV> {
  get(key: UK): UV | null;
  put(key: UK, value: UV): void;
  putAll(entries: Iterable<readonly [UK, UV]>): void;
  remove(key: UK): void;
  contains(key: UK): boolean;
  entries(): IterableIterator<readonly [UK, UV]>;
  keys(): IterableIterator<UK>;
  values(): IterableIterator<UV>;
  isEmpty(): boolean;
  clear(): void;
}

/** A value of the current key that `add` folds with a reduce function; null while empty. */
export interface ReducingState<T> {
  get(): T | null;
  add(value: T): void;
  clear(): void;
}

/** An accumulator of the current key; `get` is the aggregate's result, null while empty. */
export interface AggregatingState<IN, OUT> {
  get(): OUT | null;
  add(value: IN): void;
  clear(): void;
}

/** Broadcast state as the keyed side sees it: read only (semantics 19). */
export interface ReadOnlyBroadcastState<UK, UV> {
  get(key: UK): UV | null;
  contains(key: UK): boolean;
  entries(): IterableIterator<readonly [UK, UV]>;
  readonly size: number;
}

/** Broadcast state as the broadcast side sees it. The same on every subtask. */
export interface BroadcastState<UK, UV> extends ReadOnlyBroadcastState<UK, UV> {
  put(key: UK, value: UV): void;
  remove(key: UK): void;
  clear(): void;
}
