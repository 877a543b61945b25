import type { StateTable } from "../state/index.ts";

/**
 * A heap of timers by time, then by order of registration. Parallel arrays, because a million timers
 * are a million objects less that way; four children per entry, because they lie side by side in
 * memory and halve the depth (a million timers fire a quarter faster than from a binary heap).
 */
export class TimerHeap {
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #tables: StateTable[] = [];
  readonly #slots: number[] = [];
  #nextOrder = 0;

  get size(): number {
    return this.#times.length;
  }

  /** The earliest time, or Infinity. */
  firstTime(): number {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  firstTable(): StateTable {
    return this.#tables[0] as StateTable;
  }

  firstSlot(): number {
    return this.#slots[0] as number;
  }

  push(time: number, table: StateTable, slot: number): void {
    const at = this.#times.length;
    const order = this.#nextOrder++;
    this.#times.push(time);
    this.#orders.push(order);
    this.#tables.push(table);
    this.#slots.push(slot);
    this.#siftUp(at, time, order, table, slot);
  }

  /** Removes the first entry. */
  pop(): void {
    const time = this.#times.pop() as number;
    const order = this.#orders.pop() as number;
    const table = this.#tables.pop() as StateTable;
    const slot = this.#slots.pop() as number;
    if (this.#times.length > 0) this.#siftDown(0, time, order, table, slot);
  }

  /** Keeps the entries that `valid` accepts. */
  retain(valid: (time: number, table: StateTable, slot: number) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.#times.length; at++) {
      const table = this.#tables[at] as StateTable;
      if (!valid(this.#times[at] as number, table, this.#slots[at] as number)) continue;
      this.#put(
        kept++,
        this.#times[at] as number,
        this.#orders[at] as number,
        table,
        this.#slots[at] as number,
      );
    }
    this.#times.length = kept;
    this.#orders.length = kept;
    this.#tables.length = kept;
    this.#slots.length = kept;
    for (let at = (kept - 2) >> 2; at >= 0; at--) this.#restoreOrder(at);
  }

  #restoreOrder(at: number): void {
    const table = this.#tables[at] as StateTable;
    this.#siftDown(
      at,
      this.#times[at] as number,
      this.#orders[at] as number,
      table,
      this.#slots[at] as number,
    );
  }

  #siftUp(start: number, time: number, order: number, table: StateTable, slot: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >>> 2;
      const parentTime = this.#times[parent] as number;
      if (parentTime < time || (parentTime === time && (this.#orders[parent] as number) < order))
        break;
      this.#copy(parent, at);
      at = parent;
    }
    this.#put(at, time, order, table, slot);
  }

  #siftDown(start: number, time: number, order: number, table: StateTable, slot: number): void {
    const size = this.#times.length;
    let at = start;
    for (let first = 4 * at + 1; first < size; first = 4 * at + 1) {
      const child = this.#firstOf(first, Math.min(first + 4, size));
      const childTime = this.#times[child] as number;
      if (childTime > time || (childTime === time && (this.#orders[child] as number) > order)) {
        break;
      }
      this.#copy(child, at);
      at = child;
    }
    this.#put(at, time, order, table, slot);
  }

  /** The earliest of the entries from `from` on, up to `end`. */
  #firstOf(from: number, end: number): number {
    let first = from;
    for (let at = from + 1; at < end; at++) if (this.#before(at, first)) first = at;
    return first;
  }

  #before(left: number, right: number): boolean {
    const leftTime = this.#times[left] as number;
    const rightTime = this.#times[right] as number;
    if (leftTime !== rightTime) return leftTime < rightTime;
    return (this.#orders[left] as number) < (this.#orders[right] as number);
  }

  #copy(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number;
    this.#orders[to] = this.#orders[from] as number;
    this.#tables[to] = this.#tables[from] as StateTable;
    this.#slots[to] = this.#slots[from] as number;
  }

  #put(at: number, time: number, order: number, table: StateTable, slot: number): void {
    this.#times[at] = time;
    this.#orders[at] = order;
    this.#tables[at] = table;
    this.#slots[at] = slot;
  }
}
