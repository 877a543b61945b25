/** Something that happens at an instant of virtual time. */
export interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * What is still to happen, as a binary heap.
 *
 *   Q1  events come out by time, and those of one instant in the order in which they were added
 */
export class EventQueue {
  readonly #heap: Event[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The next event's time; infinity when there is none. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  add(at: number, run: () => void): void {
    const event: Event = { at, order: this.#added, run };
    this.#added += 1;
    const heap = this.#heap;
    let child = heap.length;
    heap.push(event);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent] as Event; // parent < child < length
      if (!before(event, above)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = event;
  }

  /** Takes the next event out (Q1). */
  take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first !== undefined && last !== undefined && heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: Event): void {
    const heap = this.#heap;
    const length = heap.length;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= length) break;
      const right = heap[child + 1];
      if (right !== undefined && before(right, heap[child] as Event)) child += 1;
      const below = heap[child] as Event; // child < length
      if (!before(below, event)) break;
      heap[parent] = below;
      parent = child;
    }
    heap[parent] = event;
  }
}

function before(left: Event, right: Event): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}
