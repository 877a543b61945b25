/** What can be in one list at a time. */
export interface Linked<T> {
  previous: T | null;
  next: T | null;
}

/** A list that a node enters at the end and leaves from anywhere, in constant time. */
export class LinkedList<T extends Linked<T>> {
  first: T | null = null;
  last: T | null = null;
  length = 0;

  push(node: T): void {
    node.previous = this.last;
    node.next = null;
    if (this.last === null) this.first = node;
    else this.last.next = node;
    this.last = node;
    this.length += 1;
  }

  /** `node` is in this list. */
  remove(node: T): void {
    const { previous, next } = node;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.last = previous;
    else next.previous = previous;
    node.previous = null;
    node.next = null;
    this.length -= 1;
  }
}
