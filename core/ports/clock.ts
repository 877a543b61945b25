/** Processing time. The embedded host passes the wall clock, tests and the simulator a virtual one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}
