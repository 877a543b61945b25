import { JobError } from "../errors.ts";
import type {
  BroadcastState,
  MapStateDescriptor,
  OperatorStateStore,
  ReadOnlyBroadcastState,
} from "../state/index.ts";

type AnyBroadcastState = BroadcastState<unknown, unknown>;
type AnyReadOnlyState = ReadOnlyBroadcastState<unknown, unknown>;

/**
 * The broadcast states of one operator.
 *
 *   BS1  only the broadcast side gets what can be written (semantics 19)
 */
export class BroadcastStates {
  readonly #states = new Map<string, AnyBroadcastState>();
  readonly #views = new Map<string, AnyReadOnlyState>();

  constructor(
    store: OperatorStateStore,
    descriptors: readonly MapStateDescriptor<unknown, unknown>[],
  ) {
    for (const descriptor of descriptors) {
      const state = store.broadcast(descriptor);
      this.#states.set(descriptor.name, state);
      this.#views.set(descriptor.name, new ReadOnlyView(state));
    }
  }

  writable<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV> {
    const state = this.#states.get(descriptor.name);
    if (state === undefined) throw this.#unknown(descriptor.name);
    return state as unknown as BroadcastState<UK, UV>; // the descriptor carries the types
  }

  readOnly<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): ReadOnlyBroadcastState<UK, UV> {
    const view = this.#views.get(descriptor.name);
    if (view === undefined) throw this.#unknown(descriptor.name);
    return view as ReadOnlyBroadcastState<UK, UV>; // the descriptor carries the types
  }

  #unknown(name: string): JobError {
    return new JobError(`there is no broadcast state "${name}"`, {
      code: "JOB_BROADCAST_STATE",
      hint: `pass its descriptor to broadcast(...); there are ${[...this.#states.keys()].join(", ")}`,
    });
  }
}

/** A broadcast state without its writing methods, also for callers without types (BS1). */
class ReadOnlyView implements AnyReadOnlyState {
  readonly #state: AnyBroadcastState;

  constructor(state: AnyBroadcastState) {
    this.#state = state;
  }

  get size(): number {
    return this.#state.size;
  }

  get(key: unknown): unknown {
    return this.#state.get(key);
  }

  contains(key: unknown): boolean {
    return this.#state.contains(key);
  }

  entries(): IterableIterator<readonly [unknown, unknown]> {
    return this.#state.entries();
  }
}
