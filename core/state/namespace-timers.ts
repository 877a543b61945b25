import type { StateJournal } from "./journal.ts";

/**
 * Timers for all keys of a namespace at once, of one time domain: a window's end, its cleanup.
 * There are as many as open windows, so two sorted arrays are enough; the earliest stands last.
 *
 *   N1  times descend; of equal times the one registered first stands last and fires first
 *   N2  a pair of namespace and time stands here at most once
 */
export class NamespaceTimers {
  journal: StateJournal | null = null;
  readonly #times: number[] = [];
  readonly #namespaces: (string | number)[] = [];
  /** The pair that is known to stand here, for windows that register per record. */
  #lastTime = Number.NaN;
  #lastNamespace: string | number = "";
  #changed = false;

  get size(): number {
    return this.#times.length;
  }

  /** The earliest time, or Infinity. */
  firstTime(): number {
    const last = this.#times.length - 1;
    return last < 0 ? Number.POSITIVE_INFINITY : (this.#times[last] as number);
  }

  /** Registers a timer; a pair that stands here already changes nothing (N2). */
  add(namespace: string | number, time: number): void {
    if (time === this.#lastTime && namespace === this.#lastNamespace) return;
    const at = this.#firstNotAfter(time);
    if (this.#indexFrom(at, namespace, time) < 0) {
      this.#insert(at, namespace, time);
      this.journal?.record({ undo: () => this.remove(namespace, time) });
    }
    this.#lastTime = time;
    this.#lastNamespace = namespace;
  }

  /** Removes a timer; one that does not exist is no error. */
  remove(namespace: string | number, time: number): void {
    const at = this.#indexFrom(this.#firstNotAfter(time), namespace, time);
    if (at >= 0) this.#removeAt(at);
  }

  /** Removes the earliest timer and answers its namespace. */
  takeFirst(): string | number {
    const namespace = this.#namespaces.at(-1) as string | number;
    this.#removeAt(this.#times.length - 1);
    return namespace;
  }

  /** Forgets all timers. */
  clear(): void {
    this.#times.length = 0;
    this.#namespaces.length = 0;
    this.#lastTime = Number.NaN;
    this.#changed = true;
  }

  /** All timers, earliest first, as they are persisted. */
  entries(): (readonly [string | number, number])[] {
    return this.#times
      .map((time, index) => [this.#namespaces[index] as string | number, time] as const)
      .reverse();
  }

  /** Whether a timer came or went since the last snapshot. */
  get hasChanges(): boolean {
    return this.#changed;
  }

  snapshotTaken(): void {
    this.#changed = false;
  }

  #insert(at: number, namespace: string | number, time: number): void {
    this.#times.splice(at, 0, time);
    this.#namespaces.splice(at, 0, namespace);
    this.#changed = true;
  }

  #removeAt(at: number): void {
    const time = this.#times[at] as number;
    const namespace = this.#namespaces[at] as string | number;
    this.#times.splice(at, 1);
    this.#namespaces.splice(at, 1);
    this.#lastTime = Number.NaN;
    this.#changed = true;
    this.journal?.record({ undo: () => this.#insert(at, namespace, time) });
  }

  /** The first index whose time is not after `time`: there a new timer goes (N1). */
  #firstNotAfter(time: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] as number) > time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #indexFrom(start: number, namespace: string | number, time: number): number {
    for (let at = start; at < this.#times.length && this.#times[at] === time; at++) {
      if (this.#namespaces[at] === namespace) return at;
    }
    return -1;
  }
}
