import { flatCopy } from "./flat-copy.ts";
import type { WindowContents } from "./window-contents.ts";

/**
 * The running result of one key over its panes, as two stacks: `front` holds for each pane before
 * `middle` the merge from there up to `middle`, `back` the merge of all panes behind. A window costs
 * one merge, and each pane two more over its life. Transient: it can be computed from the panes.
 *
 *   R1  everything merged lies in [.., end); panes are given in the order of time
 *   R2  contents given in or handed out are copied, never kept
 */
export class RunningWindow {
  /** Where the next pane starts. */
  end: number;
  /** The start of the newest pane with data, -Infinity without any. */
  newest: number;
  readonly #contents: WindowContents;
  readonly #starts: number[];
  readonly #front: unknown[];
  #middle: number;
  #back: unknown;

  constructor(contents: WindowContents) {
    this.end = 0;
    this.newest = Number.NEGATIVE_INFINITY;
    this.#contents = contents;
    this.#starts = [];
    this.#front = [];
    this.#middle = 0;
    this.#back = undefined;
  }

  /** The start of what `back` holds: a window that begins later needs `refill`. */
  get middle(): number {
    return this.#middle;
  }

  /**
   * Starts anew from the panes of a window that ends at `end`: `starts` ascend, `panes` are their
   * contents.
   */
  refill(starts: readonly number[], panes: readonly unknown[], end: number): void {
    this.#starts.length = 0;
    this.#front.length = 0;
    this.#back = undefined;
    this.#middle = end;
    this.end = end;
    this.newest = starts.at(-1) ?? Number.NEGATIVE_INFINITY;
    let merged: unknown;
    for (let i = starts.length - 1; i >= 0; i--) {
      const pane = flatCopy(panes[i]);
      merged = merged === undefined ? pane : this.#contents.merge(pane, merged);
      // The newest comes first, so that the oldest can be popped.
      this.#starts.push(starts[i] as number);
      this.#front.push(flatCopy(merged));
    }
  }

  push(start: number, contents: unknown): void {
    this.#back =
      this.#back === undefined ? flatCopy(contents) : this.#contents.merge(this.#back, contents);
    this.newest = start;
  }

  /** The merge of all panes from `start`, which must not be after `middle`; undefined without data. */
  from(start: number): unknown {
    const starts = this.#starts;
    while (starts.length > 0 && (starts[starts.length - 1] as number) < start) {
      starts.pop();
      this.#front.pop();
    }
    const back = this.#back;
    if (starts.length === 0) return flatCopy(back);
    const front = flatCopy(this.#front[starts.length - 1]);
    return back === undefined ? front : this.#contents.merge(front, back);
  }
}
