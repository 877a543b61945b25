/**
 * What a port call is told of its caller: until when an answer is of use, and whether anybody still
 * waits. An adapter asks `isLive` before each try of its own, so that a call of a dead turn never
 * reaches the outside later (protocol P3.8, P6).
 */
export interface CallScope {
  /** Processing time in milliseconds. */
  readonly deadlineMs: number;
  isLive(): boolean;
}

/** For callers without a deadline: control operations, tests. */
export const unbounded: CallScope = Object.freeze({
  deadlineMs: Number.MAX_SAFE_INTEGER,
  isLive: () => true,
});
