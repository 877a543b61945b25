import { JobError, show } from "../errors.ts";
import type { KeyedTables, NamespaceTimers, StateTable, TimeDomain } from "../state/index.ts";
import { TimerHeap } from "./timer-heap.ts";

const COMPACT_MIN = 1_024;

/**
 * The timers of one time domain. The truth is in state: a hidden column holds per key one due time
 * or a sorted array of them, so that de-duplication, snapshots and undo are the column's.
 *
 *   Q1  every timer in the column has an entry in the heap
 *   Q2  an entry without its timer in the column is stale (deleted, key or namespace gone) and is
 *       passed over when it comes up; the heap is at most twice as big as needed, plus 1,024
 */
export class TimerQueue {
  readonly namespaces: NamespaceTimers;
  readonly #tables: KeyedTables;
  readonly #domain: TimeDomain;
  #heap: TimerHeap;
  #column: number;
  #compactAt: number;

  constructor(tables: KeyedTables, domain: TimeDomain) {
    this.namespaces = tables.timers[domain];
    this.#tables = tables;
    this.#domain = domain;
    this.#heap = new TimerHeap();
    this.#column = -1;
    this.#compactAt = COMPACT_MIN;
  }

  /** Entries in memory, stale ones too (Q2). */
  get entries(): number {
    return this.#heap.size;
  }

  /** Registers a timer of a key; one that is there already changes nothing. */
  add(table: StateTable, slot: number, time: number): void {
    checkTimestamp(time);
    if (this.#column < 0) this.#column = this.#tables.timerColumn(this.#domain);
    const held = table.peek(this.#column, slot) as number | number[] | undefined;
    if (held === undefined) table.set(this.#column, slot, time);
    else if (typeof held === "number") {
      if (held === time) return;
      table.set(this.#column, slot, held < time ? [held, time] : [time, held]);
    } else {
      const at = lowerBound(held, time);
      if (held[at] === time) return;
      table.touch(this.#column, slot);
      held.splice(at, 0, time);
    }
    this.push(table, slot, time);
  }

  /** Removes a timer from the column; false when it is not there. */
  remove(table: StateTable, slot: number, time: number): boolean {
    if (!this.#isSet(table, slot, time)) return false;
    const held = table.peek(this.#column, slot) as number | number[];
    if (typeof held === "number") table.remove(this.#column, slot);
    else if (held.length === 2) {
      table.set(this.#column, slot, (held[0] === time ? held[1] : held[0]) as number);
    } else {
      table.touch(this.#column, slot);
      held.splice(lowerBound(held, time), 1);
    }
    return true;
  }

  /** Forgets all entries; `push` is about to name them again. */
  reset(): void {
    this.#heap = new TimerHeap();
    this.#compactAt = COMPACT_MIN;
  }

  /** Adds an entry for a timer that stands in the column. */
  push(table: StateTable, slot: number, time: number): void {
    if (this.#heap.size >= this.#compactAt) {
      this.#heap.retain((due, of, at) => this.#isSet(of, at, due));
      this.#compactAt = Math.max(COMPACT_MIN, this.#heap.size * 2);
    }
    this.#heap.push(time, table, slot);
  }

  /** The earliest timer of a key, or Infinity; stale entries before it are gone after this. */
  firstTime(): number {
    const heap = this.#heap;
    while (heap.size > 0) {
      const time = heap.firstTime();
      if (this.#isSet(heap.firstTable(), heap.firstSlot(), time)) return time;
      heap.pop();
    }
    return Number.POSITIVE_INFINITY;
  }

  firstTable(): StateTable {
    return this.#heap.firstTable();
  }

  firstSlot(): number {
    return this.#heap.firstSlot();
  }

  /** Removes the earliest timer, whose entry `firstTime` has just found to be valid. */
  takeFirst(): void {
    const heap = this.#heap;
    this.remove(heap.firstTable(), heap.firstSlot(), heap.firstTime());
    heap.pop();
  }

  #isSet(table: StateTable, slot: number, time: number): boolean {
    if (this.#column < 0) this.#column = this.#tables.findTimerColumn(this.#domain);
    if (this.#column < 0 || table.dropped) return false;
    const held = table.peek(this.#column, slot) as number | number[] | undefined;
    if (typeof held === "number") return held === time;
    return held !== undefined && held[lowerBound(held, time)] === time;
  }
}

/** Refuses a time that no clock shows. */
export function checkTimestamp(time: number): void {
  if (Number.isSafeInteger(time)) return;
  throw new JobError(`a timer's timestamp is not an integer (got ${show(time)})`, {
    code: "TIMER_TIMESTAMP",
    hint: "register timers in whole milliseconds since the epoch",
  });
}

function lowerBound(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
