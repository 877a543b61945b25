import type { KeyIdentity } from "../record/key.ts";
import type { OperatorSetup } from "../runtime/operator.ts";
import type { StateScope, StateTable } from "../state/index.ts";
import { MAX_TIMESTAMP } from "../timestamp.ts";
import { BaseWindowOperator } from "./base-window-operator.ts";
import { paneContents } from "./pane-contents.ts";
import type { PaneContents } from "./pane-contents.ts";
import { firstWindowEnd, lastWindowEnd } from "./pane-layout.ts";
import type { PaneLayout } from "./pane-layout.ts";
import { RunningWindow } from "./running-window.ts";
import { WINDOW_CONTENTS } from "./window-operator.ts";
import type { WindowSpec } from "./window-spec.ts";
import { TimeWindow, windowStart } from "./window.ts";

class Pane {
  readonly start: number;
  readonly end: number;
  readonly table: StateTable;
  /** The end of the first window that holds the pane. */
  readonly firstEnd: number;
  /** The last watermark at which an element of the pane is late. */
  readonly lateAt: number;

  constructor(start: number, end: number, table: StateTable, firstEnd: number, lateAt: number) {
    this.start = start;
    this.end = end;
    this.table = table;
    this.firstEnd = firstEnd;
    this.lateAt = lateAt;
  }
}

/**
 * Sliding event-time windows with the default trigger whose function can merge: an element goes
 * into one pane instead of size / slide windows, and a window is the merge of its panes.
 *
 *   SL1  a key with data in a pane has a timer at the end of the first window to come that holds
 *        the pane; a window that fires sets the timer of the next one while that has data
 *   SL2  a pane is dropped when no window that holds it can fire any more: one millisecond after
 *        the last one's cleanup time, because timers of keys come after those of namespaces
 *   SL3  stored contents are never merged into, and never leave the operator uncopied
 *   SL4  `#running` is transient; a key's entry goes when a pane that it has merged changes
 */
export class SlicedWindowOperator extends BaseWindowOperator {
  readonly #column: number;
  readonly #layout: PaneLayout;
  readonly #contents: PaneContents;
  readonly #panes: Map<number, Pane>;
  readonly #running: Map<KeyIdentity, RunningWindow>;
  /** Off as soon as an accumulator is not small and flat: two stacks would hold it many times. */
  #stacks: boolean;
  #last: Pane | null;
  #lastStart: number;
  #lastEnd: number;
  /** The tables of the panes of the window at `#tablesStart`, oldest first; NaN: of none. */
  readonly #tables: (StateTable | null)[];
  #tablesStart: number;
  /** Panes found by `#collect`, oldest first. */
  readonly #starts: number[];
  readonly #found: unknown[];

  constructor(setup: OperatorSetup<unknown>, spec: WindowSpec, layout: PaneLayout) {
    super(setup, spec);
    this.#column = this.state.column(WINDOW_CONTENTS);
    this.#layout = layout;
    this.#contents = paneContents(spec.function, this.contents);
    this.#panes = new Map();
    this.#running = new Map();
    this.#stacks = true;
    this.#last = null;
    this.#lastStart = 0;
    this.#lastEnd = 0;
    this.#tables = [];
    this.#tablesStart = Number.NaN;
    this.#starts = [];
    this.#found = [];
  }

  process(value: unknown, timestamp: number): void {
    let pane = this.#last;
    if (timestamp < this.#lastStart || timestamp >= this.#lastEnd) {
      pane = this.#paneAt(this.assignTime(value, timestamp));
    }
    if (pane === null || pane.lateAt <= this.timers.currentWatermark) {
      this.late(value, timestamp);
      return;
    }
    const { table } = pane;
    const slot = table.slot(this.state.currentIdentity());
    const held = table.get(this.#column, slot);
    table.set(this.#column, slot, this.contents.add(held, value));
    if (pane.firstEnd <= this.timers.currentWatermark + 1) this.#addedToPassed(pane);
    else if (held === undefined) {
      this.timers.registerEventTime(this.state.scope, pane.firstEnd - 1);
    }
  }

  /** The end of a window of one key. */
  override onEventTime(timestamp: number, scope: StateScope): void {
    const end = timestamp + 1;
    const start = end - this.#layout.sizeMs;
    const running = this.#stacks ? this.#advance(scope.identity, start, end) : null;
    const contents =
      running === null ? this.#mergePanes(scope.identity, start, end) : running.from(start);
    if (contents === undefined) {
      this.#running.delete(scope.identity);
      return;
    }
    const newest = running?.newest ?? (this.#starts.at(-1) as number);
    this.emitter.emit(new TimeWindow(start, end), null, scope.identity, contents, false);
    if (newest >= start + this.#layout.slideMs) {
      this.timers.registerEventTime(this.state.scope, timestamp + this.#layout.slideMs);
    } else this.#running.delete(scope.identity);
  }

  /** A pane is over (SL2). */
  override onNamespaceEventTime(_timestamp: number, namespace: string | number): void {
    this.state.dropNamespace(namespace);
    this.#panes.delete(Number(namespace));
    this.#tablesStart = Number.NaN;
    if (this.#last?.start !== namespace) return;
    this.#last = null;
    this.#lastStart = 0;
    this.#lastEnd = 0;
  }

  /** The pane of an instant, made if need be; null when it is late. */
  #paneAt(timestamp: number): Pane | null {
    const { paneMs, offsetMs } = this.#layout;
    const start = windowStart(timestamp, paneMs, offsetMs);
    const pane = this.#panes.get(start) ?? this.#open(start);
    // With an undo journal the pane may be taken back, so it is looked up for every record.
    if (pane !== null && !this.context.undoable) {
      this.#panes.set(start, pane);
      this.#last = pane;
      this.#lastStart = start;
      this.#lastEnd = pane.end;
    }
    return pane;
  }

  #open(start: number): Pane | null {
    const layout = this.#layout;
    const lateAt = this.cleanupTime(lastWindowEnd(layout, start) - 1);
    if (lateAt <= this.timers.currentWatermark) return null;
    const firstEnd = firstWindowEnd(layout, start);
    const table = this.state.namespace(start);
    this.#tablesStart = Number.NaN;
    if (lateAt < MAX_TIMESTAMP) this.timers.registerNamespaceEventTime(start, lateAt + 1);
    return new Pane(start, start + layout.paneMs, table, firstEnd, lateAt);
  }

  /** An element came to a pane of which windows have fired: they fire again while they are kept. */
  #addedToPassed(pane: Pane): void {
    const { sizeMs, slideMs } = this.#layout;
    const identity = this.state.currentIdentity();
    const watermark = this.timers.currentWatermark;
    this.#running.delete(identity);
    let end = lastWindowEnd(this.#layout, pane.start);
    let next = end;
    for (; end - 1 > watermark; end -= slideMs) next = end;
    if (next - 1 > watermark) this.timers.registerEventTime(this.state.scope, next - 1);
    for (; end >= pane.firstEnd && this.cleanupTime(end - 1) > watermark; end -= slideMs) {
      const contents = this.#mergePanes(identity, end - sizeMs, end);
      this.emitter.emit(new TimeWindow(end - sizeMs, end), null, identity, contents, false);
    }
  }

  /** The running result of a key, brought to the window; null when contents may grow. */
  #advance(identity: KeyIdentity, start: number, end: number): RunningWindow | null {
    let running = this.#running.get(identity);
    if (running === undefined) {
      running = new RunningWindow(this.#contents);
      this.#running.set(identity, running);
    } else if (running.end <= end && running.middle >= start) {
      return this.#extend(running, identity, start, end);
    }
    this.#collect(identity, start, end);
    for (let i = 0; i < this.#found.length; i++) {
      if (!this.#contents.stackable(this.#found[i])) return this.#stopStacks();
    }
    running.refill(this.#starts, this.#found, end);
    return running;
  }

  #extend(
    running: RunningWindow,
    identity: KeyIdentity,
    start: number,
    end: number,
  ): RunningWindow | null {
    const { paneMs } = this.#layout;
    this.#lookUp(start, end);
    for (let pane = running.end; pane < end; pane += paneMs) {
      const contents = this.#contentsOf((pane - start) / paneMs, identity);
      if (contents === undefined) continue;
      if (!this.#contents.stackable(contents)) return this.#stopStacks();
      running.push(pane, contents);
    }
    running.end = end;
    return running;
  }

  #stopStacks(): null {
    this.#stacks = false;
    this.#running.clear();
    return null;
  }

  /** The merge of a key's panes in a window, from nothing; undefined without data. */
  #mergePanes(identity: KeyIdentity, start: number, end: number): unknown {
    this.#collect(identity, start, end);
    let merged: unknown;
    for (const pane of this.#found) {
      merged =
        merged === undefined ? this.#contents.copy(pane) : this.#contents.merge(merged, pane);
    }
    return merged;
  }

  #collect(identity: KeyIdentity, start: number, end: number): void {
    const { paneMs } = this.#layout;
    this.#lookUp(start, end);
    this.#starts.length = 0;
    this.#found.length = 0;
    for (let i = 0; i < this.#tables.length; i++) {
      const contents = this.#contentsOf(i, identity);
      if (contents === undefined) continue;
      this.#starts.push(start + i * paneMs);
      this.#found.push(contents);
    }
  }

  /** Finds the tables of a window's panes, once for all keys that fire in it. */
  #lookUp(start: number, end: number): void {
    if (this.#tablesStart === start) return;
    this.#tablesStart = start;
    this.#tables.length = 0;
    for (let pane = start; pane < end; pane += this.#layout.paneMs) {
      this.#tables.push(this.#panes.get(pane)?.table ?? this.state.findNamespace(pane));
    }
  }

  /** What a key has in the i-th pane of the window that was looked up. */
  #contentsOf(i: number, identity: KeyIdentity): unknown {
    const table = this.#tables[i];
    if (table === null || table === undefined) return undefined;
    const slot = table.find(identity);
    return slot < 0 ? undefined : table.get(this.#column, slot);
  }
}
