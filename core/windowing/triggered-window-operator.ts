import type { OperatorSetup } from "../runtime/operator.ts";
import type { StateScope, StateTable } from "../state/index.ts";
import { MAX_TIMESTAMP } from "../timestamp.ts";
import { BaseWindowOperator } from "./base-window-operator.ts";
import { fires, purges } from "./trigger.ts";
import type { TriggerResult } from "./trigger.ts";
import { WINDOW_CONTENTS } from "./window-operator.ts";
import type { AnyTrigger, WindowSpec } from "./window-spec.ts";
import { WindowTriggerContext } from "./window-trigger-context.ts";
import type { Window } from "./window.ts";

/**
 * Windows with a custom trigger, without merging. Each key of a window has its own timers, in the
 * window's table.
 *
 *   TW1  a key with contents in a window has a timer at the window's cleanup time (unless that is
 *        the end of time), also when the trigger never fires
 *   TW2  at the cleanup time the trigger is asked once more, then everything of the key is dropped
 */
export class TriggeredWindowOperator extends BaseWindowOperator {
  readonly #column: number;
  readonly #trigger: AnyTrigger;
  readonly #context: WindowTriggerContext;

  constructor(setup: OperatorSetup<unknown>, spec: WindowSpec, trigger: AnyTrigger) {
    super(setup, spec);
    this.#column = this.state.column(WINDOW_CONTENTS);
    this.#trigger = trigger;
    this.#context = new WindowTriggerContext(setup.context, trigger);
  }

  process(value: unknown, timestamp: number): void {
    const windows = this.assigner.assignWindows(value, timestamp, this);
    let added = false;
    for (let i = 0; i < windows.length; i++) {
      const window = windows[i] as Window;
      if (this.cleanupTime(window.maxTimestamp()) <= this.passed) continue;
      added = true;
      this.#add(window, value, timestamp);
    }
    if (windows.length > 0 && !added) this.late(value, timestamp);
  }

  override onEventTime(timestamp: number, scope: StateScope): void {
    const window = this.#enter(scope);
    const result = this.#trigger.onEventTime(timestamp, window, this.#context);
    this.#settle(window, result);
    if (this.isEventTime) this.#cleanUp(window, timestamp);
  }

  override onProcessingTime(timestamp: number, scope: StateScope): void {
    const window = this.#enter(scope);
    const result = this.#trigger.onProcessingTime(timestamp, window, this.#context);
    this.#settle(window, result);
    if (!this.isEventTime) this.#cleanUp(window, timestamp);
  }

  #enter(scope: StateScope): Window {
    this.#context.enter(scope.table, scope.identity);
    // Timers of this operator are registered in windows' tables only.
    return this.assigner.windowOf(scope.table.namespace as string | number);
  }

  #add(window: Window, value: unknown, timestamp: number): void {
    const table = this.state.namespace(this.assigner.windowId(window));
    const identity = this.state.currentIdentity();
    const slot = table.slot(identity);
    const held = table.get(this.#column, slot);
    table.set(this.#column, slot, this.contents.add(held, value));
    this.#context.enter(table, identity);
    if (held === undefined) this.#registerCleanup(window);
    const result = this.#trigger.onElement(value, timestamp, window, this.#context);
    if (result !== "CONTINUE") this.#settle(window, result);
  }

  /** Does what the trigger decided for the window at hand. */
  #settle(window: Window, result: TriggerResult): void {
    const { table, identity } = this.#context.scope;
    if (fires(result)) {
      const slot = table.find(identity);
      const contents = slot < 0 ? undefined : table.get(this.#column, slot);
      if (contents !== undefined) this.emitter.emit(window, table, identity, contents, true);
    }
    if (!purges(result)) return;
    const slot = table.find(identity);
    if (slot >= 0) table.remove(this.#column, slot);
  }

  #registerCleanup(window: Window): void {
    const time = this.cleanupTime(window.maxTimestamp());
    if (time >= MAX_TIMESTAMP) return;
    if (this.isEventTime) this.#context.registerEventTimeTimer(time);
    else this.#context.registerProcessingTimeTimer(time);
  }

  #cleanUp(window: Window, timestamp: number): void {
    if (timestamp !== this.cleanupTime(window.maxTimestamp())) return;
    const { table, identity } = this.#context.scope;
    this.#trigger.clear(window, this.#context);
    this.emitter.clear(window, table, identity);
    dropKey(table, identity);
    // Without keys the table has no timers either.
    if (table.size === 0) this.state.dropNamespace(this.assigner.windowId(window));
  }
}

/** Drops a key with all its state and timers in a window. */
export function dropKey(table: StateTable, identity: StateScope["identity"]): void {
  const slot = table.find(identity);
  if (slot >= 0) table.removeKey(slot);
}
