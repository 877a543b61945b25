/**
 * Which ids a queue has seen lately.
 *
 *   DW1  an id is known for `windowMs` from its first use; a repeated use does not prolong it
 *   DW2  what happens to the message has no influence
 */
export class DeduplicationWindow {
  readonly #windowMs: number;
  /** When each id was first used, in that order. */
  readonly #seen = new Map<string, number>();
  #latest = 0;
  #sweepAt = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Whether the id is new; from now on it is known. Times that go back count as the latest one. */
  admit(group: string, id: string, at: number): boolean {
    const now = at > this.#latest ? at : this.#latest;
    this.#latest = now;
    if (now >= this.#sweepAt) this.#sweep(now);
    const key = `${group}\n${id}`;
    const since = this.#seen.get(key);
    if (since !== undefined) {
      if (now - since < this.#windowMs) return false;
      this.#seen.delete(key);
    }
    this.#seen.set(key, now);
    return true;
  }

  /** The ids that are known, oldest first. */
  *known(): Iterable<{ readonly group: string; readonly id: string; readonly at: number }> {
    for (const [key, at] of this.#seen) {
      if (this.#latest - at >= this.#windowMs) continue;
      const end = key.indexOf("\n");
      yield { group: key.slice(0, end), id: key.slice(end + 1), at };
    }
  }

  /** Seldom: a Map walks over the holes of what was deleted from its front. */
  #sweep(now: number): void {
    this.#sweepAt = now + this.#windowMs / 8;
    for (const [key, at] of this.#seen) {
      if (now - at < this.#windowMs) return;
      this.#seen.delete(key);
    }
  }
}
