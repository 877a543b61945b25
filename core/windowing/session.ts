import type { WindowContents } from "./window-contents.ts";
import { TimeWindow } from "./window.ts";

/**
 * A session of one key as it lies in state: start, end, the time of its timer (TIMER_NONE: it has
 * none), and its contents (absent after a purge). An array, because it is persisted as it is.
 */
export type Session = [start: number, end: number, timer: number, contents?: unknown];

export const TIMER_NONE: number = Number.POSITIVE_INFINITY;

export function sessionWindow(session: Session): TimeWindow {
  return new TimeWindow(session[0], session[1]);
}

/** The sessions that the window shares an instant with or touches, in the order of time. */
export function sessionsAt(sessions: readonly Session[], window: TimeWindow): Session[] {
  const found: Session[] = [];
  for (let i = 0; i < sessions.length; i++) {
    const session = sessions[i] as Session;
    if (session[0] <= window.end && session[1] >= window.start) found.push(session);
  }
  return found;
}

/** The session's place among the sessions of its key, which stand in the order of time. */
export function insertSession(sessions: Session[], session: Session): void {
  let at = sessions.length;
  while (at > 0 && (sessions[at - 1] as Session)[0] > session[0]) at--;
  sessions.splice(at, 0, session);
}

export function removeSession(sessions: Session[], session: Session): void {
  const at = sessions.indexOf(session);
  if (at >= 0) sessions.splice(at, 1);
}

/** Makes one session, the first, of `found` and `window`; the others leave `sessions`. */
export function mergeSessions(
  sessions: Session[],
  found: readonly Session[],
  window: TimeWindow,
  contents: WindowContents,
): Session {
  const merged = found[0] as Session;
  merged[0] = Math.min(merged[0], window.start);
  merged[1] = Math.max(merged[1], window.end);
  for (let i = 1; i < found.length; i++) {
    const other = found[i] as Session;
    merged[1] = Math.max(merged[1], other[1]);
    merged[2] = Math.min(merged[2], other[2]);
    if (other.length === 4) {
      merged[3] = merged.length === 4 ? contents.merge(merged[3], other[3]) : other[3];
    }
    removeSession(sessions, other);
  }
  return merged;
}
