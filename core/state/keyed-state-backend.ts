import type { Clock } from "../ports/index.ts";
import type { Key, KeyIdentity } from "../record/key.ts";
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  StateDescriptor,
  ValueStateDescriptor,
} from "./descriptor.ts";
import type { StateScope } from "./state-scope.ts";
import type { Namespace, StateTable } from "./state-table.ts";
import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from "./state.ts";

export interface KeyedStateOptions {
  readonly maxParallelism: number;
  readonly firstKeyGroup: number;
  readonly lastKeyGroup: number;
  readonly clock: Clock;
  readonly strict: boolean;
}

export declare class KeyedStateBackend {
  /** The table of state per key. */
  readonly keyed: StateTable;
  /** The current key in `keyed`. */
  readonly scope: StateScope;
  constructor(options: KeyedStateOptions);

  setCurrentKey(key: Key): void;
  /** Sets the key from a table's slot, e.g. when a timer fires. */
  setCurrentIdentity(identity: KeyIdentity): void;
  /** As the selector returned it. */
  currentKey(): Key;
  currentIdentity(): KeyIdentity;

  /** A column of every table, by descriptor; declaring the same name twice is an error. */
  column(descriptor: StateDescriptor): number;
  valueState<T>(descriptor: ValueStateDescriptor<T>, scope?: StateScope): ValueState<T>;
  listState<T>(descriptor: ListStateDescriptor<T>, scope?: StateScope): ListState<T>;
  mapState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>, scope?: StateScope): MapState<UK, UV>;
  reducingState<T>(descriptor: ReducingStateDescriptor<T>, scope?: StateScope): ReducingState<T>;
  aggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
    scope?: StateScope,
  ): AggregatingState<IN, OUT>;

  /** The table of a namespace, made if need be. */
  namespace(id: string | number): StateTable;
  findNamespace(id: string | number): StateTable | null;
  dropNamespace(id: string | number): void;
  namespaces(): Iterable<string | number>;
  readonly _namespace?: Namespace;
}
