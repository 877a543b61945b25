import { PlanError, show } from "../errors.ts";
import { isName } from "../ids.ts";
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  KeyedStateBackend,
  ListState,
  ListStateDescriptor,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  StateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from "../state/index.ts";

/** Keyed state as a process function declares it, under the names it has in `ctx.state`. */
export type StateDeclarations = Readonly<Record<string, StateDescriptor>>;

/** A function without declared state. */
export type NoState = Readonly<Record<never, StateDescriptor>>;

/** The handle that belongs to a descriptor. */
export type StateHandle<D> =
  D extends ValueStateDescriptor<infer T>
    ? ValueState<T>
    : D extends ListStateDescriptor<infer T>
      ? ListState<T>
      : D extends MapStateDescriptor<infer UK, infer UV>
        ? MapState<UK, UV>
        : D extends ReducingStateDescriptor<infer T>
          ? ReducingState<T>
          : D extends AggregatingStateDescriptor<infer IN, infer _ACC, infer OUT>
            ? AggregatingState<IN, OUT>
            : never;

/** What `ctx.state` holds for declared state. */
export type StateHandles<S> = { readonly [Name in keyof S]: StateHandle<S[Name]> };

const KINDS: readonly unknown[] = ["value", "list", "map", "reducing", "aggregating"];

/** The descriptors of a record or a list, checked; `where` names the call for errors. */
export function declaredStates(declarations: unknown, where: string): readonly StateDescriptor[] {
  if (declarations === undefined) return [];
  if (typeof declarations !== "object" || declarations === null) {
    throw invalidState(where, "state", declarations);
  }
  const names = new Set<string>();
  const states: StateDescriptor[] = [];
  for (const [field, given] of Object.entries(declarations) as [string, unknown][]) {
    if (!isDescriptor(given)) throw invalidState(where, `state ${field}`, given);
    if (names.has(given.name)) throw duplicateState(where, given.name);
    names.add(given.name);
    states.push(given);
  }
  return states;
}

/** The handles of the declared state, for the current key of `state`. */
export function stateHandles(
  state: KeyedStateBackend,
  declarations: StateDeclarations,
): StateHandles<StateDeclarations> {
  const handles: Record<string, StateHandle<StateDescriptor>> = {};
  for (const [field, descriptor] of Object.entries(declarations)) {
    handles[field] = stateHandle(state, descriptor);
  }
  return Object.freeze(handles);
}

function stateHandle(
  state: KeyedStateBackend,
  descriptor: StateDescriptor,
): StateHandle<StateDescriptor> {
  switch (descriptor.kind) {
    case "value":
      return state.valueState(descriptor);
    case "list":
      return state.listState(descriptor);
    case "map":
      return state.mapState(descriptor);
    case "reducing":
      return state.reducingState(descriptor);
    case "aggregating":
      return state.aggregatingState(descriptor);
  }
}

function isDescriptor(given: unknown): given is StateDescriptor {
  if (typeof given !== "object" || given === null) return false;
  const { kind, name } = given as { readonly kind?: unknown; readonly name?: unknown };
  return KINDS.includes(kind) && typeof name === "string" && isName(name);
}

function invalidState(where: string, what: string, given: unknown): PlanError {
  return new PlanError(`${where}: ${what} is no state descriptor (got ${show(given)})`, {
    code: "PLAN_STATE",
    hint: 'declare it with valueState, listState, mapState, reducingState or aggregatingState, e.g. { first: valueState<number>("first") }',
  });
}

function duplicateState(where: string, name: string): PlanError {
  return new PlanError(`${where}: two states have the name "${name}"`, {
    code: "PLAN_DUPLICATE_STATE",
    hint: "give each state of an operator its own name",
  });
}
