import type { StreamElement } from "../../core/record/element.ts";
import { limits } from "../../core/limits.ts";

/**
 * A channel between two subtasks of one process: a bounded queue of elements.
 *
 *   EC1  elements leave in the order they came
 *   EC2  a sender whose channel is full gets no turn; what a turn already made is always taken
 *   EC3  few elements that have left are still held, also while the channel never gets empty
 */
export class EmbeddedChannel {
  #elements: StreamElement[] = [];
  /** Elements before it have left. */
  #head = 0;

  get length(): number {
    return this.#elements.length - this.#head;
  }

  get full(): boolean {
    return this.length >= limits.channelElementsMax;
  }

  push(element: StreamElement): void {
    this.#elements.push(element);
  }

  peek(): StreamElement | null {
    return this.#elements[this.#head] ?? null;
  }

  shift(): StreamElement | null {
    const element = this.#elements[this.#head];
    if (element === undefined) return null;
    this.#head += 1;
    if (this.#head === this.#elements.length || this.#head >= limits.channelElementsMax) {
      this.#elements = this.#elements.slice(this.#head);
      this.#head = 0;
    }
    return element;
  }
}
