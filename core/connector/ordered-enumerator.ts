import { assert } from "../assert.ts";
import type { EnumeratorContext, SplitEnumerator } from "./source.ts";

/** What an `OrderedEnumerator` keeps in a checkpoint. */
export interface OrderedEnumeratorState<Split> {
  /** Discovery is done and is not repeated after a restore. */
  readonly discovered: boolean;
  readonly remaining: readonly Split[];
  /** What all splits had to read when they were found. */
  readonly work: number;
}

export interface OrderedEnumeratorOptions<Split> {
  /** Finds all splits, once per run. A rejection fails the job. */
  readonly discover: () => readonly Split[] | Promise<readonly Split[]>;
  /** How much of a split is still to be read, in any one unit. */
  readonly workLeft: (split: Split) => number;
  /** The source's own order. */
  readonly compare: (left: Split, right: Split) => number;
}

/**
 * Hands out a fixed set of splits one by one, whoever asks, in the source's own order.
 *
 *   E1  `remaining` is sorted, also after splits came back from a restore: a returned split goes
 *       to its old place, so that its records do not come long after their neighbours'
 *   E2  a request is answered once, with a split or with `noMoreSplits`; requests that come before
 *       discovery is done wait for it
 *   E3  discovery happens once per run; a restore goes on with the splits of the checkpoint
 *
 * @example
 * new OrderedEnumerator(context, {
 *   discover: () => listShards(),
 *   compare: (a, b) => a.id - b.id,
 *   workLeft: (shard) => shard.records - shard.position,
 * }, state);
 */
export class OrderedEnumerator<Split> implements SplitEnumerator<
  Split,
  OrderedEnumeratorState<Split>
> {
  readonly #context: EnumeratorContext<Split>;
  readonly #options: OrderedEnumeratorOptions<Split>;
  readonly #waiting: number[] = [];
  #remaining: Split[];
  #discovered: boolean;
  #work: number;
  #started = false;

  constructor(
    context: EnumeratorContext<Split>,
    options: OrderedEnumeratorOptions<Split>,
    state: OrderedEnumeratorState<Split> | null,
  ) {
    this.#context = context;
    this.#options = options;
    this.#remaining = state === null ? [] : [...state.remaining];
    this.#discovered = state?.discovered ?? false;
    this.#work = state?.work ?? 0;
  }

  async start(): Promise<void> {
    if (!this.#discovered) {
      this.#remaining.push(...(await this.#options.discover()));
      this.#discovered = true;
      this.#work = this.#unassigned();
    }
    this.#remaining.sort(this.#options.compare);
    this.#started = true;
    for (const subtask of this.#waiting.splice(0)) this.#answer(subtask);
  }

  handleSplitRequest(subtask: number): void {
    if (this.#started) this.#answer(subtask);
    else this.#waiting.push(subtask);
  }

  addSplitsBack(splits: readonly Split[]): void {
    this.#remaining.push(...splits);
    if (this.#started) this.#remaining.sort(this.#options.compare);
  }

  snapshot(): OrderedEnumeratorState<Split> {
    const remaining = [...this.#remaining];
    return { discovered: this.#discovered, remaining, work: this.#work };
  }

  work(): { readonly total: number; readonly unassigned: number } | null {
    return this.#discovered ? { total: this.#work, unassigned: this.#unassigned() } : null;
  }

  #unassigned(): number {
    return this.#remaining.reduce((sum, split) => sum + this.#options.workLeft(split), 0);
  }

  #answer(subtask: number): void {
    assert(this.#discovered, "E2: splits are handed out after discovery");
    const split = this.#remaining.shift();
    if (split === undefined) this.#context.noMoreSplits(subtask);
    else this.#context.assign(split, subtask);
  }
}
