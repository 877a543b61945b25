import type { OperatorSetup } from "../runtime/operator.ts";
import type { StateTable, ValueStateDescriptor } from "../state/index.ts";
import { valueState } from "../state/index.ts";
import { MAX_TIMESTAMP } from "../timestamp.ts";
import { BaseWindowOperator } from "./base-window-operator.ts";
import type { AlignedWindows } from "./window-assigner.ts";
import type { WindowSpec } from "./window-spec.ts";
import { windowStart } from "./window.ts";
import type { Window } from "./window.ts";

/** A window's reduced value, accumulator or list of elements. */
export const WINDOW_CONTENTS: ValueStateDescriptor<unknown> = valueState("window-contents");
/** Present when a window that lives on (lateness) has fired for the key. */
export const WINDOW_FIRED: ValueStateDescriptor<true> = valueState("window-fired");

/** A window fires at most this many keys at once; the rest follows when the budget allows (L9). */
export const KEYS_PER_FIRING = 10_000;

/** A live window as the operator holds it while it is at work. */
class Bucket {
  readonly id: string | number;
  readonly window: Window;
  readonly table: StateTable;
  readonly maxTimestamp: number;
  /** The instants of the window, for windows that do not overlap; an empty range otherwise. */
  readonly start: number;
  readonly end: number;
  /** The window was there before the operator knew it (a restore), so keys may have fired. */
  readonly found: boolean;

  constructor(
    id: string | number,
    window: Window,
    table: StateTable,
    range: { readonly start: number; readonly end: number },
    found: boolean,
  ) {
    this.id = id;
    this.window = window;
    this.table = table;
    this.maxTimestamp = window.maxTimestamp();
    this.start = range.start;
    this.end = range.end;
    this.found = found;
  }
}

const NO_RANGE = { start: 0, end: 0 };

/**
 * Windows that fire once at their end (and again per late element): tumbling, sliding, global and
 * custom assigners with the default trigger. State is laid out window first: one table per window,
 * one timer for all its keys, and the table of the last window is kept at hand.
 *
 *   W1  a window has a timer at its last instant, and one at its cleanup time if that differs
 *   W2  every key of a window fires once per passing of its last instant: a key that has fired is
 *       removed (no lateness) or marked (lateness), so a snapshot in the middle repeats nothing
 *   W3  a window is gone from `#buckets` and `#last` as soon as its namespace is dropped
 */
export class WindowOperator extends BaseWindowOperator {
  readonly #column: number;
  readonly #firedColumn: number;
  readonly #aligned: AlignedWindows | null;
  /** Whether the last bucket may be used again: windows do not overlap, and nothing is undone. */
  readonly #sticky: boolean;
  readonly #buckets: Map<string | number, Bucket>;
  #last: Bucket | null;
  #lastStart: number;
  #lastEnd: number;
  /** Where the firing of a large window goes on; a hint, valid for one epoch of its table. */
  #cursorTable: StateTable | null;
  #cursorEpoch: number;
  #cursorSlot: number;

  constructor(setup: OperatorSetup<unknown>, spec: WindowSpec) {
    super(setup, spec);
    this.#column = this.state.column(WINDOW_CONTENTS);
    this.#firedColumn = this.state.column(WINDOW_FIRED);
    this.#aligned = spec.assigner.aligned ?? null;
    const tumbles = this.#aligned !== null && this.#aligned.sizeMs === this.#aligned.slideMs;
    this.#sticky = tumbles && this.isEventTime && !setup.context.undoable;
    this.#buckets = new Map();
    this.#last = null;
    this.#lastStart = 0;
    this.#lastEnd = 0;
    this.#cursorTable = null;
    this.#cursorEpoch = 0;
    this.#cursorSlot = 0;
  }

  process(value: unknown, timestamp: number): void {
    // Nearly all records of a tumbling window are in the window of the record before.
    if (timestamp >= this.#lastStart && timestamp < this.#lastEnd) {
      this.#add(this.#last as Bucket, value);
    } else if (this.#aligned === null) this.#processAssigned(value, timestamp);
    else this.#processAligned(value, this.assignTime(value, timestamp), this.#aligned);
  }

  override onNamespaceEventTime(timestamp: number, namespace: string | number): void {
    this.#onNamespace(timestamp, namespace);
  }

  override onNamespaceProcessingTime(timestamp: number, namespace: string | number): void {
    this.#onNamespace(timestamp, namespace);
  }

  #processAligned(value: unknown, timestamp: number, windows: AlignedWindows): void {
    const { sizeMs, slideMs, offsetMs } = windows;
    const first = windowStart(timestamp, slideMs, offsetMs);
    const passed = this.passed;
    let assigned = false;
    let added = false;
    for (let start = first; start > timestamp - sizeMs; start -= slideMs) {
      assigned = true;
      if (this.cleanupTime(start + sizeMs - 1) <= passed) continue;
      added = true;
      this.#add(this.#buckets.get(start) ?? this.#open(start), value);
    }
    if (assigned && !added) this.late(value, timestamp);
    else if (added && this.#sticky) this.#stick(this.#buckets.get(first) as Bucket);
  }

  #processAssigned(value: unknown, timestamp: number): void {
    const windows = this.assigner.assignWindows(value, timestamp, this);
    let added = false;
    for (let i = 0; i < windows.length; i++) {
      const window = windows[i] as Window;
      if (this.cleanupTime(window.maxTimestamp()) <= this.passed) continue;
      added = true;
      const id = this.assigner.windowId(window);
      this.#add(this.#buckets.get(id) ?? this.#open(id), value);
    }
    if (windows.length > 0 && !added) this.late(value, timestamp);
  }

  #add(bucket: Bucket, value: unknown): void {
    const table = bucket.table;
    const slot = table.slot(this.state.currentIdentity());
    const held = table.get(this.#column, slot);
    const contents = this.contents.add(held, value);
    // An accumulator that was changed in place is where it was (bench "tumbling window").
    if (contents === held && table.guard === null) table.mark(slot);
    else table.set(this.#column, slot, contents);
    // Only lateness lets a window outlive its end, and only then a key can have fired.
    if (this.latenessMs !== 0) this.#addedToKept(bucket, slot, contents);
  }

  #addedToKept(bucket: Bucket, slot: number, contents: unknown): void {
    const { table, maxTimestamp } = bucket;
    if (maxTimestamp <= this.passed) {
      table.set(this.#firedColumn, slot, true);
      this.emitter.emit(bucket.window, table, table.identity(slot), contents, true);
    } else if (bucket.found) table.remove(this.#firedColumn, slot);
  }

  /** The bucket of a window that is not late, with its timers (W1). */
  #open(id: string | number): Bucket {
    const found = this.state.findNamespace(id) !== null;
    const window = this.assigner.windowOf(id);
    const start = Number(id);
    const range = this.#sticky ? { start, end: start + (this.#aligned?.sizeMs ?? 0) } : NO_RANGE;
    const bucket = new Bucket(id, window, this.state.namespace(id), range, found);
    if (bucket.maxTimestamp > this.passed) this.registerNamespace(id, bucket.maxTimestamp);
    const cleanup = this.cleanupTime(bucket.maxTimestamp);
    if (cleanup < MAX_TIMESTAMP) this.registerNamespace(id, cleanup);
    // With an undo journal the window may be taken back, so it is looked up for every record.
    if (!this.context.undoable) this.#buckets.set(id, bucket);
    return bucket;
  }

  #stick(bucket: Bucket): void {
    this.#last = bucket;
    this.#lastStart = bucket.start;
    this.#lastEnd = bucket.end;
  }

  #onNamespace(timestamp: number, id: string | number): void {
    const table = this.state.findNamespace(id);
    if (table === null) return;
    const window = this.assigner.windowOf(id);
    const last = window.maxTimestamp();
    const cleanup = this.cleanupTime(last);
    const done =
      (timestamp !== last || this.#fire(window, table, cleanup !== last)) &&
      (timestamp !== cleanup || this.#drop(window, table, id));
    // The same timer again, so that the budget is asked before the window goes on.
    if (!done) this.registerNamespace(id, timestamp);
  }

  /** Fires the keys that have not fired yet, up to a limit; false when some are left (W2). */
  #fire(window: Window, table: StateTable, kept: boolean): boolean {
    const first = this.#cursor(table);
    const removes = !kept && (first > 0 || table.size > KEYS_PER_FIRING);
    const end = table.slotsEnd;
    let left = KEYS_PER_FIRING;
    for (let slot = first; slot < end; slot++) {
      const contents = table.get(this.#column, slot);
      if (contents === undefined) continue;
      if (kept && table.get(this.#firedColumn, slot) !== undefined) continue;
      if (left-- === 0) return this.#pause(table, slot);
      const identity = table.identity(slot);
      this.state.setCurrentIdentity(identity);
      this.emitter.emit(window, table, identity, contents, kept);
      if (kept) table.set(this.#firedColumn, slot, true);
      else if (removes) this.#removeKey(window, table, slot);
    }
    this.#cursorTable = null;
    // What a moved slot may have hidden behind the cursor is found by one more pass.
    return first === 0;
  }

  /** Drops a window; false when keys whose function wants to hear of it are left. */
  #drop(window: Window, table: StateTable, id: string | number): boolean {
    if (this.emitter.clears && !this.#clearKeys(window, table)) return false;
    this.state.dropNamespace(id);
    this.#forget(id);
    return true;
  }

  #clearKeys(window: Window, table: StateTable): boolean {
    const first = this.#cursor(table);
    const end = table.slotsEnd;
    let left = KEYS_PER_FIRING;
    for (let slot = first; slot < end; slot++) {
      if (table.get(this.#column, slot) === undefined) continue;
      if (left-- === 0) return this.#pause(table, slot);
      this.state.setCurrentIdentity(table.identity(slot));
      this.#removeKey(window, table, slot);
    }
    this.#cursorTable = null;
    return first === 0;
  }

  #removeKey(window: Window, table: StateTable, slot: number): void {
    this.emitter.clear(window, table, table.identity(slot));
    table.removeKey(slot);
  }

  #cursor(table: StateTable): number {
    const valid = this.#cursorTable === table && this.#cursorEpoch === table.epoch;
    return valid ? this.#cursorSlot : 0;
  }

  #pause(table: StateTable, slot: number): false {
    this.#cursorTable = table;
    this.#cursorEpoch = table.epoch;
    this.#cursorSlot = slot;
    return false;
  }

  #forget(id: string | number): void {
    this.#buckets.delete(id);
    if (this.#last?.id !== id) return;
    this.#last = null;
    this.#lastStart = 0;
    this.#lastEnd = 0;
  }
}
