import type { OperatorSetup } from "../runtime/operator.ts";
import type { StateScope, ValueStateDescriptor } from "../state/index.ts";
import { valueState } from "../state/index.ts";
import { MAX_TIMESTAMP } from "../timestamp.ts";
import { BaseWindowOperator } from "./base-window-operator.ts";
import {
  firstSessionAt,
  insertSession,
  lastSessionAt,
  mergeSessions,
  removeSession,
  sessionWindow,
  TIMER_NONE,
} from "./session.ts";
import type { Session } from "./session.ts";
import type { WindowSpec } from "./window-spec.ts";
import type { TimeWindow } from "./window.ts";

/** All sessions of a key. */
export const WINDOW_SESSIONS: ValueStateDescriptor<Session[]> = valueState("window-sessions");

/**
 * Session windows with the default trigger. Sessions are extended lazily: an element that extends
 * one moves no timer; a timer that fires early looks at the session's real end and is set again.
 *
 *   SW1  no two sessions of a key share an instant or touch, and they stand in the order of time
 *   SW2  a session's timer is not after its next deadline: its last instant while that has not
 *        passed, else its cleanup time
 *   SW3  a timer of the key at which no session has its own is left over from a merge or from an
 *        earlier setting, and means nothing
 */
export class SessionWindowOperator extends BaseWindowOperator {
  readonly #column: number;

  constructor(setup: OperatorSetup<unknown>, spec: WindowSpec) {
    super(setup, spec);
    this.#column = this.state.column(WINDOW_SESSIONS);
  }

  process(value: unknown, timestamp: number): void {
    // Merging assigners make time windows.
    const windows = this.assigner.assignWindows(value, timestamp, this) as readonly TimeWindow[];
    let added = false;
    for (let i = 0; i < windows.length; i++) {
      if (this.#add(windows[i] as TimeWindow, value)) added = true;
    }
    if (windows.length > 0 && !added) this.late(value, timestamp);
  }

  override onEventTime(timestamp: number, scope: StateScope): void {
    this.#onTimer(timestamp, scope);
  }

  override onProcessingTime(timestamp: number, scope: StateScope): void {
    this.#onTimer(timestamp, scope);
  }

  /** False when the element's session is late even after merging (semantics 6). */
  #add(window: TimeWindow, value: unknown): boolean {
    const scope = this.state.scope;
    const table = scope.table;
    const slot = scope.slotForWrite();
    const sessions = (table.get(this.#column, slot) ?? []) as Session[];
    const session = this.#sessionFor(sessions, window);
    if (session === null) return false;
    session.contents = this.contents.add(session.contents, value);
    const last = session.end - 1;
    if (last > this.passed) this.#arm(session, last);
    else {
      this.emitter.emit(sessionWindow(session), null, scope.identity, session.contents, true);
      this.#arm(session, this.cleanupTime(last));
    }
    table.set(this.#column, slot, sessions);
    return true;
  }

  /** The session the window belongs to, after merging; null when it is late. */
  #sessionFor(sessions: Session[], window: TimeWindow): Session | null {
    const last = lastSessionAt(sessions, window);
    if (last >= 0) {
      const first = firstSessionAt(sessions, last, window);
      return mergeSessions(sessions, first, last, window, this.contents);
    }
    if (this.cleanupTime(window.maxTimestamp()) <= this.passed) return null;
    return insertSession(sessions, window);
  }

  /** Sees to it that a timer comes at `deadline` or before (SW2). */
  #arm(session: Session, deadline: number): void {
    if (session.timer <= deadline || deadline >= MAX_TIMESTAMP) return;
    session.timer = deadline;
    if (this.isEventTime) this.timers.registerEventTime(this.state.scope, deadline);
    else this.timers.registerProcessingTime(this.state.scope, deadline);
  }

  #onTimer(timestamp: number, scope: StateScope): void {
    const slot = scope.find();
    const sessions = scope.table.get(this.#column, slot) as Session[] | undefined;
    if (sessions === undefined) return;
    // One session's cleanup may come with another one's end, so all are looked at.
    const due = sessions.filter((session) => session.timer === timestamp);
    for (const session of due) {
      session.timer = TIMER_NONE;
      if (!this.#pass(session, timestamp, scope)) removeSession(sessions, session);
    }
    if (sessions.length === 0) scope.table.remove(this.#column, slot);
    else if (due.length > 0) scope.table.set(this.#column, slot, sessions);
  }

  /** A session's timer fired; false when the session is over. */
  #pass(session: Session, timestamp: number, scope: StateScope): boolean {
    const last = session.end - 1;
    const cleanup = this.cleanupTime(last);
    if (timestamp < last) {
      this.#arm(session, last);
      return true;
    }
    const window = sessionWindow(session);
    if (timestamp === last) {
      this.emitter.emit(window, null, scope.identity, session.contents, cleanup !== last);
    }
    if (timestamp < cleanup) {
      this.#arm(session, cleanup);
      return true;
    }
    this.emitter.clear(window, null, scope.identity);
    return false;
  }
}
