/** How much a turn may still do. Asked between two timers or two elements, never within one. */
export interface Budget {
  /** True when the turn should end. The first piece of work of a turn is always done. */
  exhausted(): boolean;
}
