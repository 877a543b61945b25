import type { KeyIdentity } from "../record/key.ts";
import type { OperatorSetup } from "../runtime/operator.ts";
import type { StateScope, StateTable } from "../state/index.ts";
import { MAX_TIMESTAMP } from "../timestamp.ts";
import { BaseWindowOperator } from "./base-window-operator.ts";
import {
  firstSessionAt,
  insertSession,
  lastSessionAt,
  mergeSessions,
  removeSession,
  sessionWindow,
} from "./session.ts";
import type { Session } from "./session.ts";
import { WINDOW_SESSIONS } from "./session-window-operator.ts";
import { fires, purges } from "./trigger.ts";
import type { TriggerResult } from "./trigger.ts";
import { dropKey } from "./triggered-window-operator.ts";
import type { AnyTrigger, WindowSpec } from "./window-spec.ts";
import { WindowTriggerContext } from "./window-trigger-context.ts";
import type { TimeWindow } from "./window.ts";

/**
 * Session windows with a custom trigger. The sessions of a key and their contents lie in its keyed
 * state; the trigger's state and all timers lie in the table of the session's present extent.
 *
 *   TS1  no two sessions of a key share an instant or touch
 *   TS2  when a session changes its extent, the trigger merges its state into the new table, and
 *        the old tables are cleared (semantics 6)
 *   TS3  a session has a timer at its cleanup time in its table
 */
export class TriggeredSessionOperator extends BaseWindowOperator {
  readonly #column: number;
  readonly #trigger: AnyTrigger;
  readonly #context: WindowTriggerContext;

  constructor(setup: OperatorSetup<unknown>, spec: WindowSpec, trigger: AnyTrigger) {
    super(setup, spec);
    this.#column = this.state.column(WINDOW_SESSIONS);
    this.#trigger = trigger;
    this.#context = new WindowTriggerContext(setup.context, trigger);
  }

  process(value: unknown, timestamp: number): void {
    // Merging assigners make time windows.
    const windows = this.assigner.assignWindows(value, timestamp, this) as readonly TimeWindow[];
    let added = false;
    for (let i = 0; i < windows.length; i++) {
      if (this.#add(windows[i] as TimeWindow, value, timestamp)) added = true;
    }
    if (windows.length > 0 && !added) this.late(value, timestamp);
  }

  override onEventTime(timestamp: number, scope: StateScope): void {
    this.#onTimer(timestamp, scope, true);
  }

  override onProcessingTime(timestamp: number, scope: StateScope): void {
    this.#onTimer(timestamp, scope, false);
  }

  #add(window: TimeWindow, value: unknown, timestamp: number): boolean {
    const scope = this.state.scope;
    const slot = scope.slotForWrite();
    const sessions = (scope.table.get(this.#column, slot) ?? []) as Session[];
    const session = this.#sessionFor(sessions, window, scope.identity);
    if (session === null) return false;
    session.contents = this.contents.add(session.contents, value);
    const whole = sessionWindow(session);
    this.#context.enter(this.#table(whole), scope.identity);
    const result = this.#trigger.onElement(value, timestamp, whole, this.#context);
    this.#settle(session, result, scope.identity);
    this.#registerCleanup(whole);
    scope.table.set(this.#column, slot, sessions);
    return true;
  }

  #sessionFor(sessions: Session[], window: TimeWindow, identity: KeyIdentity): Session | null {
    const last = lastSessionAt(sessions, window);
    if (last < 0) {
      const late = this.cleanupTime(window.maxTimestamp()) <= this.passed;
      return late ? null : insertSession(sessions, window);
    }
    const first = firstSessionAt(sessions, last, window);
    const before = sessions.slice(first, last + 1).map(sessionWindow);
    const session = mergeSessions(sessions, first, last, window, this.contents);
    const { start, end } = before[0] as TimeWindow;
    // Extending by nothing is no merge.
    const same = first === last && start === session.start && end === session.end;
    if (!same) this.#moveTrigger(before, sessionWindow(session), identity);
    return session;
  }

  /** The trigger's state and timers follow a session to its new extent (TS2). */
  #moveTrigger(before: readonly TimeWindow[], after: TimeWindow, identity: KeyIdentity): void {
    const tables = before.map((window) => this.#table(window));
    this.#context.enterMerged(this.#table(after), identity, tables);
    this.#trigger.onMerge?.(after, this.#context);
    for (const window of before) this.#clear(window, identity);
  }

  #onTimer(timestamp: number, scope: StateScope, eventTime: boolean): void {
    const { table, identity } = scope;
    // Timers of this operator are registered in sessions' tables only.
    const window = this.assigner.windowOf(table.namespace as string | number) as TimeWindow;
    const slot = this.state.scope.find();
    const sessions = this.#sessions(slot);
    const session = sessions.find((one) => one.start === window.start && one.end === window.end);
    if (session === undefined) return;
    this.#context.enter(table, identity);
    const result = eventTime
      ? this.#trigger.onEventTime(timestamp, window, this.#context)
      : this.#trigger.onProcessingTime(timestamp, window, this.#context);
    this.#settle(session, result, identity);
    const over =
      eventTime === this.isEventTime && timestamp === this.cleanupTime(window.maxTimestamp());
    if (over) {
      this.#clear(window, identity);
      this.emitter.clear(window, null, identity);
      removeSession(sessions, session);
    }
    if (sessions.length === 0) this.state.keyed.remove(this.#column, slot);
    else this.state.keyed.set(this.#column, slot, sessions);
  }

  #sessions(slot: number): Session[] {
    const held = slot < 0 ? undefined : this.state.keyed.get(this.#column, slot);
    return (held ?? []) as Session[];
  }

  #settle(session: Session, result: TriggerResult, identity: KeyIdentity): void {
    if (result === "CONTINUE") return;
    if (fires(result) && session.contents !== undefined) {
      this.emitter.emit(sessionWindow(session), null, identity, session.contents, true);
    }
    if (purges(result)) session.contents = undefined;
  }

  #registerCleanup(window: TimeWindow): void {
    const time = this.cleanupTime(window.maxTimestamp());
    if (time >= MAX_TIMESTAMP) return;
    if (this.isEventTime) this.#context.registerEventTimeTimer(time);
    else this.#context.registerProcessingTimeTimer(time);
  }

  /** Clears what the trigger has in a window that is no more, timers too. */
  #clear(window: TimeWindow, identity: KeyIdentity): void {
    const table = this.#table(window);
    this.#context.enter(table, identity);
    this.#trigger.clear(window, this.#context);
    dropKey(table, identity);
    if (table.size === 0) this.state.dropNamespace(this.assigner.windowId(window));
  }

  #table(window: TimeWindow): StateTable {
    return this.state.namespace(this.assigner.windowId(window));
  }
}
