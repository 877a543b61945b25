import { JobError, show } from "../errors.ts";
import type {
  AggregatingState,
  KeyedStateBackend,
  ListState,
  MapState,
  ReducingState,
  StateDescriptor,
  StateScope,
  ValueState,
} from "../state/index.ts";
import type { StateOf } from "./trigger.ts";

type Handle =
  | ValueState<unknown>
  | ListState<unknown>
  | MapState<unknown, unknown>
  | ReducingState<unknown>
  | AggregatingState<unknown, unknown>;

/** The handles of declared states over one scope, made once. */
export class StateHandles {
  readonly #owner: string;
  readonly #handles: Map<StateDescriptor, Handle>;

  /** `owner` names who may ask, for errors: `the trigger count(3)`. */
  constructor(
    owner: string,
    state: KeyedStateBackend,
    descriptors: readonly StateDescriptor[],
    scope: StateScope,
  ) {
    this.#owner = owner;
    this.#handles = new Map();
    for (const descriptor of descriptors) {
      this.#handles.set(descriptor, handleOf(state, descriptor, scope));
    }
  }

  /** A JobError when the descriptor was not declared: the plan would not know the state. */
  get<D extends StateDescriptor>(descriptor: D): StateOf<D> {
    const handle = this.#handles.get(descriptor);
    // The map holds for each descriptor the handle of its kind and type.
    if (handle !== undefined) return handle as StateOf<D>;
    throw new JobError(`${this.#owner} asks for undeclared state ${show(descriptor?.name)}`, {
      code: "JOB_UNDECLARED_STATE",
      hint: "declare the descriptor and ask with the same object (state: { ... } of a window function, states: [ ... ] of a trigger)",
    });
  }
}

function handleOf(
  state: KeyedStateBackend,
  descriptor: StateDescriptor,
  scope: StateScope,
): Handle {
  switch (descriptor.kind) {
    case "value":
      return state.valueState(descriptor, scope);
    case "list":
      return state.listState(descriptor, scope);
    case "map":
      return state.mapState(descriptor, scope);
    case "reducing":
      return state.reducingState(descriptor, scope);
    case "aggregating":
      return state.aggregatingState(descriptor, scope);
  }
}
