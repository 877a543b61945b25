import type { PaneContents } from "./pane-contents.ts";

/**
 * The running result of one key over its panes, as two stacks: `front` holds for each pane before
 * `middle` the merge from there up to `middle`, `back` the merge of all panes behind. A window costs
 * one merge, and each pane two more over its life. Transient: it can be computed from the panes.
 *
 *   R1  everything merged lies before `end`; panes are given in the order of time
 *   R2  contents that are given in are copied before they are merged into
 */
export class RunningWindow {
  /** Where the next pane starts. */
  end: number;
  /** The start of the newest pane with data, -Infinity without any. */
  newest: number;
  /** The start of what `back` holds: a window that begins later needs `refill`. */
  middle: number;
  readonly #panes: PaneContents;
  /** The newest pane first, so that the oldest can be popped. */
  readonly #starts: number[];
  readonly #front: unknown[];
  #back: unknown;

  constructor(panes: PaneContents) {
    this.end = 0;
    this.newest = Number.NEGATIVE_INFINITY;
    this.middle = 0;
    this.#panes = panes;
    this.#starts = [];
    this.#front = [];
    this.#back = undefined;
  }

  /** Starts anew from the panes of a window that ends at `end`; `starts` ascend. */
  refill(starts: readonly number[], panes: readonly unknown[], end: number): void {
    this.#starts.length = 0;
    this.#front.length = 0;
    this.#back = undefined;
    this.middle = end;
    this.end = end;
    this.newest = starts.at(-1) ?? Number.NEGATIVE_INFINITY;
    let merged: unknown;
    for (let i = starts.length - 1; i >= 0; i--) {
      const pane = this.#panes.copy(panes[i]);
      merged = merged === undefined ? pane : this.#panes.merge(pane, merged);
      this.#starts.push(starts[i] as number);
      this.#front.push(merged);
    }
  }

  push(start: number, contents: unknown): void {
    const back = this.#back;
    this.#back =
      back === undefined ? this.#panes.copy(contents) : this.#panes.merge(back, contents);
    this.newest = start;
  }

  /**
   * The merge of all panes from `start`, which must not be after `middle`; undefined without data.
   * Valid until the next call for any key.
   */
  from(start: number): unknown {
    const starts = this.#starts;
    while (starts.length > 0 && (starts[starts.length - 1] as number) < start) {
      starts.pop();
      this.#front.pop();
    }
    const back = this.#back;
    if (starts.length === 0) return back === undefined ? undefined : this.#panes.borrow(back);
    const front = this.#panes.borrow(this.#front[starts.length - 1]);
    return back === undefined ? front : this.#panes.merge(front, back);
  }
}
