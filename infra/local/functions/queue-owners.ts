/** A worker, as far as it matters here. */
interface Owner {
  readonly isFree: boolean;
  /** When its invocation began, by the wall clock; null: it has none. */
  readonly busySinceMs: number | null;
}

/** When so much was counted, all of it counts half. */
const LOAD_MS_MAX = 60_000;

/**
 * Which worker has which queue: the one that had its messages last has warm copies of its subtasks.
 *
 *   QO1  a queue changes to another worker, a free one, when its own has been busy for `stickMs`; at
 *        once if the loads of the two are more alike then
 */
export class QueueOwners<W extends Owner> {
  readonly #stickMs: number;
  readonly #owners = new Map<string, W>();
  /** Milliseconds of work by queue. */
  readonly #loads = new Map<string, number>();

  constructor(stickMs: number) {
    this.#stickMs = stickMs;
  }

  /** Who is to have the messages of a queue now; null: nobody yet. */
  choose(queue: string, workers: Iterable<W>, nowMs: number): W | null {
    const owner = this.#owners.get(queue) ?? null;
    if (owner?.isFree === true) return owner;
    const other = this.#leastLoaded(workers);
    if (other === null || owner === null) return other;
    if (nowMs >= this.#patientUntil(owner)) return other;
    const load = this.#loads.get(queue) ?? 0;
    return this.#loadOf(other) + load < this.#loadOf(owner) ? other : null;
  }

  /** When `choose` will answer, as far as it is known now. */
  readyAt(queue: string, workers: Iterable<W>, nowMs: number): number {
    const all = [...workers];
    if (this.choose(queue, all, nowMs) !== null) return 0;
    const owner = this.#owners.get(queue);
    const anyFree = all.some(({ isFree }) => isFree);
    return owner === undefined || !anyFree ? Infinity : this.#patientUntil(owner);
  }

  took(queue: string, worker: W): void {
    this.#owners.set(queue, worker);
  }

  worked(queue: string, ms: number): void {
    const load = (this.#loads.get(queue) ?? 0) + ms;
    this.#loads.set(queue, load);
    if (load < LOAD_MS_MAX) return;
    for (const [other, theirs] of this.#loads) this.#loads.set(other, theirs / 2);
  }

  /** The worker is gone. */
  forget(worker: W): void {
    for (const [queue, owner] of this.#owners) {
      if (owner === worker) this.#owners.delete(queue);
    }
  }

  #patientUntil({ busySinceMs }: W): number {
    return busySinceMs === null ? 0 : busySinceMs + this.#stickMs;
  }

  #leastLoaded(workers: Iterable<W>): W | null {
    let least: W | null = null;
    for (const worker of workers) {
      if (!worker.isFree) continue;
      if (least === null || this.#loadOf(worker) < this.#loadOf(least)) least = worker;
    }
    return least;
  }

  #loadOf(worker: W): number {
    let load = 0;
    for (const [queue, owner] of this.#owners) {
      if (owner === worker) load += this.#loads.get(queue) ?? 0;
    }
    return load;
  }
}
