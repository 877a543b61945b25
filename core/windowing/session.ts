import type { WindowContents } from "./window-contents.ts";
import { TimeWindow } from "./window.ts";

/** A session of one key as it lies in state. */
export interface Session {
  start: number;
  end: number;
  /** When the session's own timer comes; TIMER_NONE: it has none. */
  timer: number;
  /** Undefined after a purge. */
  contents: unknown;
}

export const TIMER_NONE: number = Number.POSITIVE_INFINITY;

export function sessionWindow(session: Session): TimeWindow {
  return new TimeWindow(session.start, session.end);
}

/** The last of the sessions that the window shares an instant with or touches; -1 without one. */
export function lastSessionAt(sessions: readonly Session[], window: TimeWindow): number {
  let at = sessions.length - 1;
  while (at >= 0 && (sessions[at] as Session).start > window.end) at--;
  return at >= 0 && (sessions[at] as Session).end >= window.start ? at : -1;
}

/** The first of those sessions, when `last` is the last one. */
export function firstSessionAt(
  sessions: readonly Session[],
  last: number,
  window: TimeWindow,
): number {
  let at = last;
  while (at > 0 && (sessions[at - 1] as Session).end >= window.start) at--;
  return at;
}

/** Adds a session at its place in the order of time. */
export function insertSession(sessions: Session[], window: TimeWindow): Session {
  const { start, end } = window;
  const session: Session = { start, end, timer: TIMER_NONE, contents: undefined };
  let at = sessions.length;
  while (at > 0 && (sessions[at - 1] as Session).start > start) at--;
  sessions.splice(at, 0, session);
  return session;
}

export function removeSession(sessions: Session[], session: Session): void {
  const at = sessions.indexOf(session);
  if (at >= 0) sessions.splice(at, 1);
}

/** Makes one session of `window` and the sessions from `first` to `last`. */
export function mergeSessions(
  sessions: Session[],
  first: number,
  last: number,
  window: TimeWindow,
  contents: WindowContents,
): Session {
  const merged = sessions[first] as Session;
  if (window.start < merged.start) merged.start = window.start;
  if (window.end > merged.end) merged.end = window.end;
  for (let i = first + 1; i <= last; i++) absorb(merged, sessions[i] as Session, contents);
  if (last > first) sessions.splice(first + 1, last - first);
  return merged;
}

function absorb(merged: Session, other: Session, contents: WindowContents): void {
  merged.end = Math.max(merged.end, other.end);
  merged.timer = Math.min(merged.timer, other.timer);
  if (merged.contents === undefined) merged.contents = other.contents;
  else if (other.contents !== undefined) {
    merged.contents = contents.merge(merged.contents, other.contents);
  }
}
