import type { BroadcastState, MapStateDescriptor, ReadOnlyBroadcastState } from "../state/index.ts";
import type { BroadcastContext, ReadsBroadcast } from "./broadcast-function.ts";
import type { BroadcastStates } from "./broadcast-states.ts";
import {
  type ContextSetup,
  FunctionContext,
  type KeyedContextSetup,
  KeyedFunctionContext,
} from "./function-context.ts";

/** The context of `processBroadcastElement`. */
export class WritingBroadcastContext extends FunctionContext implements BroadcastContext {
  readonly #states: BroadcastStates;

  constructor(setup: ContextSetup, states: BroadcastStates) {
    super(setup);
    this.#states = states;
  }

  getBroadcastState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV> {
    return this.#states.writable(descriptor);
  }
}

/** The context of `processElement` beside a broadcast stream, without key. */
export class ReadingBroadcastContext extends FunctionContext implements ReadsBroadcast {
  readonly #states: BroadcastStates;

  constructor(setup: ContextSetup, states: BroadcastStates) {
    super(setup);
    this.#states = states;
  }

  getBroadcastState<UK, UV>(
    descriptor: MapStateDescriptor<UK, UV>,
  ): ReadOnlyBroadcastState<UK, UV> {
    return this.#states.readOnly(descriptor);
  }
}

/** The context of `processElement` and `onTimer` beside a broadcast stream, behind keyBy. */
export class KeyedBroadcastContext extends KeyedFunctionContext implements ReadsBroadcast {
  readonly #states: BroadcastStates;

  constructor(setup: KeyedContextSetup, states: BroadcastStates) {
    super(setup);
    this.#states = states;
  }

  getBroadcastState<UK, UV>(
    descriptor: MapStateDescriptor<UK, UV>,
  ): ReadOnlyBroadcastState<UK, UV> {
    return this.#states.readOnly(descriptor);
  }
}
