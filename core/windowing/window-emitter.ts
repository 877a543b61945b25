import { JobError } from "../errors.ts";
import type { Key, KeyIdentity } from "../record/key.ts";
import type { OperatorContext, Output, SideOutputs } from "../runtime/operator.ts";
import { StateScope } from "../state/index.ts";
import type { StateDescriptor, StateTable } from "../state/index.ts";
import type { TimerService } from "../time/index.ts";
import { processWindowHandler } from "./process-window-function.ts";
import type {
  AnyProcessWindowHandler,
  ProcessWindowContext,
  WindowCollector,
  WindowOutputTag,
} from "./process-window-function.ts";
import { StateHandles } from "./state-handles.ts";
import type { StateOf } from "./trigger.ts";
import { windowContents } from "./window-contents.ts";
import type { WindowContents } from "./window-contents.ts";
import type { WindowFunctionSpec } from "./window-spec.ts";
import { GlobalWindow } from "./window.ts";
import type { Window } from "./window.ts";

/**
 * Turns the contents of a window into results: the last part of a window function.
 *
 *   E1  results carry the window's last instant (semantics 3)
 *   E2  the current key of the operator is the window's while user code runs; the caller sets it
 */
export class WindowEmitter {
  readonly contents: WindowContents;
  readonly #state: OperatorContext["state"];
  readonly #out: Output<unknown>;
  readonly #handler: AnyProcessWindowHandler | null;
  readonly #result: ((key: Key, window: Window, value: unknown) => unknown) | null;
  /** Whether the process function gets the list of elements, not one result. */
  readonly #listed: boolean;
  readonly #context: EmitContext;
  readonly #collector: WindowResults;

  constructor(
    spec: WindowFunctionSpec,
    context: OperatorContext,
    out: Output<unknown>,
    side: SideOutputs,
  ) {
    this.contents = windowContents(spec, context.strict);
    this.#state = context.state;
    this.#out = out;
    this.#handler = spec.process === null ? null : processWindowHandler(spec.process);
    this.#result = spec.kind === "process" ? null : (spec.result ?? null);
    this.#listed = spec.kind === "process";
    this.#context = new EmitContext(context, side, Object.values(this.#handler?.state ?? {}));
    this.#collector = new WindowResults(out);
  }

  /** Whether the function wants to hear of dropped windows. */
  get clears(): boolean {
    return this.#handler?.clear !== undefined;
  }

  /** Emits a window of the current key. `kept`: its contents live on. */
  emit(
    window: Window,
    table: StateTable | null,
    identity: KeyIdentity,
    contents: unknown,
    kept: boolean,
  ): void {
    const value = this.contents.result(contents, kept);
    if (isPromise(value)) throw asyncFunction("the window's result");
    const timestamp = window.maxTimestamp();
    const handler = this.#handler;
    if (handler === null) {
      this.#out.process(this.#shaped(window, value), timestamp);
      return;
    }
    this.#context.enter(window, table, identity);
    this.#collector.timestamp = timestamp;
    const elements = this.#listed ? (value as readonly unknown[]) : [value];
    const returned: unknown = handler.process(
      this.#state.currentKey(),
      this.#context,
      elements,
      this.#collector,
    );
    if (isPromise(returned)) throw asyncFunction("process");
  }

  /** Tells the function that a window of the current key is dropped. */
  clear(window: Window, table: StateTable | null, identity: KeyIdentity): void {
    const handler = this.#handler;
    if (handler?.clear === undefined) return;
    this.#context.enter(window, table, identity);
    const returned: unknown = handler.clear(this.#context);
    if (isPromise(returned)) throw asyncFunction("clear");
  }

  #shaped(window: Window, value: unknown): unknown {
    if (this.#result === null) return value;
    const row = this.#result(this.#state.currentKey(), window, value);
    if (isPromise(row)) throw asyncFunction("the result function");
    return row;
  }
}

class WindowResults implements WindowCollector<unknown> {
  timestamp: number;
  readonly #out: Output<unknown>;

  constructor(out: Output<unknown>) {
    this.timestamp = 0;
    this.#out = out;
  }

  collect(value: unknown): void {
    this.#out.process(value, this.timestamp);
  }
}

class EmitContext implements ProcessWindowContext<Window> {
  window: Window;
  readonly #timers: TimerService;
  readonly #side: SideOutputs;
  readonly #scope: StateScope;
  readonly #windowed: StateHandles;
  readonly #global: StateHandles;
  #inTable: boolean;

  constructor(
    context: OperatorContext,
    side: SideOutputs,
    descriptors: readonly StateDescriptor[],
  ) {
    const { state } = context;
    this.window = GlobalWindow.instance;
    this.#timers = context.timers;
    this.#side = side;
    this.#scope = new StateScope(state.keyed);
    this.#windowed = new StateHandles("windowState", state, descriptors, this.#scope);
    this.#global = new StateHandles("globalState", state, descriptors, state.scope);
    this.#inTable = false;
  }

  enter(window: Window, table: StateTable | null, identity: KeyIdentity): void {
    this.window = window;
    this.#inTable = table !== null;
    if (table !== null) this.#scope.enter(table, identity);
  }

  get currentWatermark(): number {
    return this.#timers.currentWatermark;
  }

  get currentProcessingTime(): number {
    return this.#timers.currentProcessingTime;
  }

  windowState<D extends StateDescriptor>(descriptor: D): StateOf<D> {
    if (this.#inTable) return this.#windowed.get(descriptor);
    throw new JobError("windowState is not there for session windows, because windows merge", {
      code: "JOB_WINDOW_STATE_IN_SESSION",
      hint: "use globalState, which all windows of the key share",
    });
  }

  globalState<D extends StateDescriptor>(descriptor: D): StateOf<D> {
    return this.#global.get(descriptor);
  }

  output<T>(tag: WindowOutputTag<T>, value: T): void {
    this.#side.emit(tag.id, value, this.window.maxTimestamp());
  }
}

function isPromise(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && typeof Reflect.get(value, "then") === "function"
  );
}

function asyncFunction(what: string): JobError {
  return new JobError(`${what} of a window returned a promise`, {
    code: "JOB_PROMISE_RETURNED",
    hint: "make the function synchronous: only open, close and asynchronous I/O may wait",
  });
}
