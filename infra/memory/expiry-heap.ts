import { assert } from "../../core/assert.ts";

/** Something that is due at a time. The heap keeps its place in it. */
export interface Expiring {
  dueAt: number;
  /** Decides between equal times. */
  readonly number: number;
  /** Its place in the heap; -1: it is in none. */
  slot: number;
}

/**
 * Things by the time they are due, earliest first.
 *
 *   EH1  no parent is due after its children
 *   EH2  the thing in place i has slot i
 */
export class ExpiryHeap<T extends Expiring> {
  readonly #slots: T[] = [];

  get length(): number {
    return this.#slots.length;
  }

  /** The earliest. */
  get first(): T | null {
    return this.#slots[0] ?? null;
  }

  push(item: T): void {
    assert(item.slot === -1, "EH2: a thing is in the heap once");
    this.#slots.push(item);
    this.#up(item, this.#slots.length - 1);
  }

  /** `item` is in the heap. */
  remove(item: T): void {
    assert(this.#slots[item.slot] === item, "EH2: the slot says where a thing is");
    const last = this.#slots.pop() as T; // item is in it
    if (last !== item) this.#move(last, item.slot);
    item.slot = -1;
  }

  /** Takes the earliest out if it is due. */
  shiftDue(now: number): T | null {
    const first = this.#slots[0];
    if (first === undefined || first.dueAt > now) return null;
    this.remove(first);
    return first;
  }

  /** Changes when `item`, which is in the heap, is due. */
  reschedule(item: T, dueAt: number): void {
    item.dueAt = dueAt;
    this.#move(item, item.slot);
  }

  /** In no order. */
  toArray(): T[] {
    return this.#slots.slice();
  }

  #move(item: T, slot: number): void {
    const up = this.#slots[(slot - 1) >> 1];
    if (slot > 0 && up !== undefined && before(item, up)) this.#up(item, slot);
    else this.#down(item, slot);
  }

  #up(item: T, from: number): void {
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const parent = this.#slots[above] as T; // above < slot
      if (!before(item, parent)) break;
      this.#put(parent, slot);
      slot = above;
    }
    this.#put(item, slot);
  }

  #down(item: T, from: number): void {
    const { length } = this.#slots;
    let slot = from;
    for (let below = 2 * slot + 1; below < length; below = 2 * slot + 1) {
      const left = this.#slots[below] as T; // below < length
      const right = this.#slots[below + 1];
      const child = right !== undefined && before(right, left) ? right : left;
      if (!before(child, item)) break;
      const next = child.slot;
      this.#put(child, slot);
      slot = next;
    }
    this.#put(item, slot);
  }

  #put(item: T, slot: number): void {
    this.#slots[slot] = item;
    item.slot = slot;
  }
}

function before(a: Expiring, b: Expiring): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.number < b.number);
}
